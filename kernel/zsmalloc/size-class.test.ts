/** Size classes: the chain that wastes least, and merging where it is free. */
import assert from 'node:assert/strict';
import * as facts from '../../src/generated/facts.ts';
import { fullPayload, tallyAll } from '../../test/support/objects.ts';
import { zoneTest } from '../../test/support/zone.ts';

const {
  CLASS_STEP,
  DESC_ROOM_BYTES,
  FINE_BYTES,
  MAX_CHAIN,
  MAX_PAYLOAD,
  MAX_PER_ZSPAGE,
  PAGE_BYTES,
  ZSPAGE_DESC_BYTES,
} = facts;

interface Shape {
  bytes: number;
  pages: number;
  objects: number;
}

const costOf = ({ pages, objects }: Shape): number =>
  (pages * PAGE_BYTES + ZSPAGE_DESC_BYTES) / objects;

/** The chain of which an object costs least; the longest among equals. */
function bestShape(bytes: number): Shape {
  const chains = Array.from({ length: MAX_CHAIN }, (_, i) => {
    const objects = Math.floor(((i + 1) * PAGE_BYTES) / bytes);
    return { bytes, pages: i + 1, objects: Math.min(objects, MAX_PER_ZSPAGE) };
  });
  const fitting = chains.filter(
    ({ pages, objects }) =>
      pages === 1 || 4 * pages + 8 * Math.ceil(objects / 64) <= DESC_ROOM_BYTES,
  );
  const least = Math.min(...fitting.map(costOf));
  return fitting.findLast((shape) => costOf(shape) === least)!;
}

/** Classes from small to large. */
function classesByHand(): Shape[] {
  const classes: Shape[] = [{ bytes: PAGE_BYTES, pages: 8, objects: 8 }];
  for (let bytes = PAGE_BYTES - CLASS_STEP; bytes > 0; bytes -= CLASS_STEP) {
    if (bytes > FINE_BYTES && bytes % (2 * CLASS_STEP) !== 0) continue;
    const shape = bestShape(bytes);
    if (costOf(shape) < costOf(classes[0]!)) classes.unshift(shape);
  }
  return classes;
}

zoneTest('each class is the one that a slow search finds', { hasStore: true }, (zone) => {
  const found = tallyAll(zone).map(({ objectBytes, pagesPerZspage, objectsPerZspage }) => {
    return { bytes: objectBytes, pages: pagesPerZspage, objects: objectsPerZspage };
  });
  assert.deepEqual(found, classesByHand());
  assert.equal(found.length, 332);
  assert.ok(found.length <= facts.MAX_CLASSES);
});

zoneTest('classFor takes the smallest class that fits', { hasStore: true }, (zone) => {
  const classes = tallyAll(zone);
  for (let payload = 0; payload <= MAX_PAYLOAD; payload++) {
    const sizeClass = zone.kernel.classFor(payload);
    const room = fullPayload(classes[sizeClass]!.objectBytes);
    assert.ok(room >= payload);
    assert.ok(room - payload < 512, 'a cell has nine bits for what is not used');
    if (sizeClass > 0) assert.ok(fullPayload(classes[sizeClass - 1]!.objectBytes) < payload);
  }
});
