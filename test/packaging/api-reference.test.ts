/** docs/api.md is what the doc comments say now. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { apiReference } from '../../scripts/api-reference.ts';
import { root } from './packed.ts';

const reference = apiReference(join(root, 'dist'));

test('the API reference is current', () => {
  const committed = readFileSync(join(root, 'docs/api.md'), 'utf8');
  assert.ok(committed === reference, 'docs/api.md is not current: npm run docs writes it');
});

test('it has every export, with its members', () => {
  for (const heading of ['SharedCache', 'Arena', 'KeyvStore', 'pagelessDriver', 'CacheStore']) {
    assert.match(reference, new RegExp(`^### ${heading}$`, 'm'));
  }
  assert.match(
    reference,
    /^- `get\(key: Key, options\?: GetOptions\): T \| undefined` {2}\n {2}\S/m,
  );
  for (const heading of ['RedisTierOptions', 'inspect', 'InspectOptions', 'Inspector', 'Tier']) {
    assert.equal(reference.match(new RegExp(`^### ${heading}$`, 'gm'))?.length, 1, heading);
  }
  assert.match(reference, /^type TierEvent = \{$[^`]*'lost';/m, 'a union as a whole');
  assert.doesNotMatch(reference, /#private|\bundefined\n###/);
});
