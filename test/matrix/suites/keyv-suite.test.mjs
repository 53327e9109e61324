/**
 * Keyv's own test suite for stores of Keyv 5, as published, over a SharedCache. Every test of it,
 * with the one that fails over Keyv's own Map as well: the store has the `opts` that it looks for.
 */
import keyvTestSuite, { keyvIteratorTests } from '@keyv/test-suite';
import { Keyv } from 'keyv';
import { SharedCache } from 'pageless';
import { Keyv5Store } from 'pageless/keyv';
import * as test from 'vitest';

const cache = new SharedCache({ maxSize: '16MiB', values: 'string' });
const store = () => new Keyv5Store(cache);

keyvTestSuite(test, Keyv, store);
keyvIteratorTests(test, Keyv, store);
