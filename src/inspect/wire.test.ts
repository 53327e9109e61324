/** Frames: what goes in comes out, whatever pieces it arrives in; what is damaged is refused. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numbersFrom } from '../../test/support/numbers.ts';
import * as wire from './wire.ts';

function mapOf(body: Uint8Array, pages: number): Uint8Array {
  const codes = new Uint8Array(pages);
  wire.decodeMap(body, pages, (first, count, code) => codes.fill(code, first, first + count));
  return codes;
}

test('maps and changes come out as they went in', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const next = numbersFrom(seed);
    const pages = 16 * (1 + next(400));
    const codes = Uint8Array.from({ length: pages }, () => (next(10) < 8 ? 8 : next(32)));
    const seen = mapOf(wire.encodeMap(codes), pages);
    assert.deepEqual(seen, codes);
    const pfns = Uint32Array.from({ length: pages }, (_, pfn) => pfn).filter(() => next(3) === 0);
    const changed = Uint8Array.from(pfns, () => next(3));
    for (const [i, pfn] of pfns.entries()) codes[pfn] = changed[i]!;
    const body = wire.encodeChanges({ count: pfns.length, pfns, codes: changed });
    let visited = 0;
    wire.decodeChanges(body, pages, (first, count, code) => {
      seen.fill(code, first, first + count);
      visited += count;
    });
    assert.deepEqual(seen, codes);
    assert.equal(visited, pfns.length);
  }
});

test('a thousand single changes of 65,536 pages take some two bytes each', () => {
  const pfns = Uint32Array.from({ length: 1000 }, (_, i) => i * 65);
  const codes = Uint8Array.from(pfns, (_, i) => (i % 2 === 0 ? 0 : 8));
  const body = wire.encodeChanges({ count: 1000, pfns, codes });
  assert.ok(body.length <= 3000, `${body.length} bytes`);
});

test('frames are found in whatever pieces they arrive', () => {
  const sent = [
    wire.encodeJson(wire.HEAD, 0, { a: 1 }),
    wire.encodeFrame(wire.GONE, 3, new Uint8Array(0)),
  ];
  const all = Buffer.concat([...sent, ...sent]);
  for (let size = 1; size <= all.length; size++) {
    const reader = new wire.FrameReader();
    const found: string[] = [];
    for (let at = 0; at < all.length; at += size) {
      for (const { kind, zone, body } of reader.push(all.subarray(at, at + size))) {
        found.push(`${kind} ${zone} ${Buffer.from(body)}`);
      }
    }
    assert.deepEqual(found, ['0 0 {"a":1}', '7 3 ', '0 0 {"a":1}', '7 3 ']);
  }
});

test('what cannot be a frame, a map or a change is refused', () => {
  const endless = Buffer.from([255, 255, 255, 255, 1, 0]);
  assert.throws(() => [...new wire.FrameReader().push(endless)], RangeError);
  const ignore = () => {};
  const codes = new Uint8Array(64).fill(3);
  const map = wire.encodeMap(codes);
  assert.throws(() => wire.decodeMap(map, 32, ignore), /longer/);
  assert.throws(() => wire.decodeMap(map, 128, ignore), /shorter/);
  assert.throws(() => wire.decodeMap(map.subarray(0, map.length - 1), 64, ignore), /too early/);
  const change = wire.encodeChanges({ count: 1, pfns: Uint32Array.of(63), codes });
  assert.throws(() => wire.decodeChanges(change, 32, ignore), /outside/);
  assert.throws(() => wire.decodeChanges(new Uint8Array(8).fill(255), 32, ignore), RangeError);
});
