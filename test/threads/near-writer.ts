/**
 * The writer of near.test.ts: raises the number of each key, and says of each key which number its
 * value is at least. Between two numbers a key may be deleted, by itself or by its tag.
 */
import { workerData } from 'node:worker_threads';
import { SharedCache } from '../../src/index.ts';
import { KEYS, keyOf, type WriterData } from './near-reads.ts';

const { handle, acknowledged } = workerData as WriterData;
const cache = SharedCache.attach<{ n: number }>(handle);
const options = { tags: ['all'] };

for (let n = 1; Atomics.load(acknowledged, KEYS) === 0; n++) {
  if (n % 50 === 0) cache.deleteTag('all');
  for (let key = 0; key < KEYS; key++) {
    if (n % 7 === key) cache.delete(keyOf(key));
    cache.set(keyOf(key), { n }, options);
    Atomics.store(acknowledged, key, n);
  }
  // Values are read more often than changed.
  Atomics.wait(acknowledged, KEYS, 0, 1);
}
cache.close();
