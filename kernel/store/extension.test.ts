/** What a later version may add to an entry's extension is passed over, and kept, by this one. */
import assert from 'node:assert/strict';
import { KEY_NOTE_AT, PAGE_BYTES } from '../../src/generated/facts.ts';
import { assertBytes, sample, storeFace } from '../../test/support/store-face.ts';
import { type TestZone, zoneTest } from '../../test/support/zone.ts';

/** A bit of the extension's word that says nothing yet, and what stands behind the tags. */
const RESERVED = 1 << 20;
const PRIORITY = 0x5a5a_5a5a;
const BYTES_MASK = 0xfff;
const NOW = 1;
const FRESH_UNTIL = 1000;
const TAG = Uint8Array.of(2, ...new TextEncoder().encode('tag'));

/** Adds the field to the extension that the next entry gets. */
function extendNext({ kernel, words }: TestZone, keyBytes: number): void {
  const scratch = (kernel.keyScratch() >>> 0) / 4;
  const at = scratch + ((keyBytes + 7) >> 3) * 2;
  const bytes = words[at]! & BYTES_MASK;
  words[at + bytes / 4] = PRIORITY;
  words[at] = (words[at]! | RESERVED) + 4;
  words[scratch + KEY_NOTE_AT / 4] = bytes + 4;
}

/** Entries that have the field, those that wait included. */
function extended({ kernel, words }: TestZone): number {
  const scratch = (kernel.keyScratch() >>> 0) / 4;
  words.fill(0, scratch, scratch + PAGE_BYTES / 8);
  return words.filter((word) => word === PRIORITY).length;
}

zoneTest('a field behind the tags and its bit change nothing else', { hasStore: true }, (zone) => {
  const { kernel, bytes } = zone;
  const store = storeFace(zone, kernel);
  const value = sample(1, 100);
  const keyBytes = store.key('key');
  bytes.set(TAG, kernel.outputScratch() >>> 0);
  assert.equal(kernel.describeNext(keyBytes, FRESH_UNTIL, 0, kernel.tagClock(), 1), 1);
  extendNext(zone, keyBytes);
  assert.equal(store.set('key', value), 0);
  assert.equal(extended(zone), 1);
  assertBytes(store.get('key', NOW), value);

  kernel.getVersioned(store.key('key'), NOW);
  assert.equal(kernel.touch(kernel.readVersion() % 2 ** 32, keyBytes, 5000, FRESH_UNTIL + 1, 0), 0);
  assert.equal(extended(zone), 2, 'the copy has none');
  assertBytes(store.get('key', NOW), value);

  assert.equal(kernel.inspectEntry(store.key('key'), NOW), 1);
  assertBytes(store.output(TAG.length), TAG);
  assert.equal(kernel.readFresh(), FRESH_UNTIL + 1);
  kernel.deleteTag(store.key('tag'));
  assert.equal(store.get('key', NOW), undefined);
});
