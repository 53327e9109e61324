/** Versions that come round: a line's has 32 bits, and is compared for being the same alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offsetOf } from '../../../test/support/structures.ts';
import * as facts from '../../generated/facts.ts';
import { SharedCache } from '../shared-cache.ts';

const VERSION_AT = 16;

/** Gives all lines of the only leaf a version. */
function setVersions(cache: SharedCache<number>, version: number): void {
  const words = new Uint32Array(cache.arena.memory.buffer);
  const top = words[(facts.STORE_STATE + offsetOf('StoreState', 'top')) >> 2]!;
  const leaf = words[words[top >> 2]! >> 2]!;
  for (let line = 0; line < 64; line++) words[(leaf + line * 64 + VERSION_AT) >> 2] = version;
}

for (const version of [2 ** 32 - 1, 2 ** 32 - 2, 2 ** 31 - 1, 0]) {
  test(`a change is seen when it raises the version ${version}`, () => {
    using cache = new SharedCache<number>({ maxSize: '4MiB', values: 'json', near: { max: 10 } });
    for (const key of ['changed', 'near', 'counter']) cache.set(key, 1);
    setVersions(cache, version);
    const seen = cache.getWithVersion('changed');
    assert.equal(cache.setIfVersion('changed', 2, seen!.version), true);
    assert.equal(cache.setIfVersion('changed', 3, seen!.version), false, 'changed since');
    assert.equal(cache.increment('counter'), 2);
    assert.equal(
      cache.update('counter', (count) => (count ?? 0) + 1),
      3,
    );

    setVersions(cache, version);
    for (let i = 0; i < 3; i++) assert.equal(cache.get('near'), 1);
    assert.ok(cache.stats().near!.hits > 0);
    cache.set('near', 4);
    assert.equal(cache.get('near'), 4);
  });
}
