/** Size classes: the chain that wastes least, and merging where it is free. */
import assert from 'node:assert/strict';
import * as facts from '../../src/generated/facts.ts';
import { fullPayload, tallyAll } from '../../test/support/objects.ts';
import { zoneTest } from '../../test/support/zone.ts';

const { CLASS_STEP, MAX_CHAIN, MAX_PAYLOAD, MAX_PER_ZSPAGE, PAGE_BYTES, ZSPAGE_DESC_BYTES } = facts;

interface Shape {
  bytes: number;
  pages: number;
  slots: number;
}

/** The chain that leaves the smallest share over; the longest among equals. */
function bestShape(bytes: number): Shape {
  const chains = Array.from({ length: MAX_CHAIN }, (_, i) => i + 1).filter(
    (pages) => pages === 1 || Math.floor((pages * PAGE_BYTES) / bytes) <= MAX_PER_ZSPAGE,
  );
  const waste = (pages: number): number => ((pages * PAGE_BYTES) % bytes) / pages;
  const least = Math.min(...chains.map(waste));
  const pages = chains.findLast((chain) => waste(chain) === least)!;
  return {
    bytes,
    pages,
    slots: Math.min(Math.floor((pages * PAGE_BYTES) / bytes), MAX_PER_ZSPAGE),
  };
}

const costOf = ({ pages, slots }: Shape): number =>
  (pages * PAGE_BYTES + ZSPAGE_DESC_BYTES) / slots;

/** Classes from small to large. */
function classesByHand(): Shape[] {
  const classes: Shape[] = [{ bytes: PAGE_BYTES, pages: 8, slots: 8 }];
  for (let bytes = PAGE_BYTES - CLASS_STEP; bytes > 0; bytes -= CLASS_STEP) {
    const shape = bestShape(bytes);
    if (costOf(shape) < costOf(classes[0]!)) classes.unshift(shape);
  }
  return classes;
}

zoneTest('each class is the one that a slow search finds', { hasStore: true }, (zone) => {
  const found = tallyAll(zone).map(({ objectBytes, pagesPerZspage, slotsPerZspage }) => {
    return { bytes: objectBytes, pages: pagesPerZspage, slots: slotsPerZspage };
  });
  assert.deepEqual(found, classesByHand());
  assert.equal(found.length, 304);
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
