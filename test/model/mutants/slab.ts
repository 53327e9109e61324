/** Mutants of the slab: sheaves, drains, grace periods, and what a survivor does. */
import type { Mutant } from './table.ts';

export const slabMutants: Mutant[] = [
  {
    name: 'the sheaves of the dead are left alone',
    edits: [['const isKept = owner != 0 && isAlive(owner);', 'const isKept = owner != 0;']],
    scenarios: ['slab-alloc-killed'],
  },
  {
    name: 'a descriptor that was taken and not noted is left',
    edits: [['  if (slotOf(slot).hasUnpublished == 0) return;', '  return;']],
    scenarios: ['slab-alloc-killed'],
  },
  {
    name: 'a slab whose maker died is left alone',
    edits: [['slab.grower == 0 || !isAlive(slab.grower)', 'slab.grower == 0']],
    scenarios: ['slab-grow-killed'],
  },
  {
    name: 'a free that two threads win',
    edits: [['if (casByte(at, IN_USE, IN_SHEAF) != IN_USE) return false;', '']],
    scenarios: ['slab-free-free'],
  },
  {
    name: 'sheaves that others have emptied go to the barn as full ones',
    edits: [['if (isFull(rack.loaded)) makeRoom(cache, rack);', 'makeRoom(cache, rack);']],
    scenarios: ['slab-free-drain'],
  },
  {
    name: 'sheaves of others are emptied while the world runs',
    edits: [
      ['function drainThreads(): void {\n  haltWorld();', 'function drainThreads(): void {'],
      ['flushSheaf(sheaf);\n  resumeWorld();\n}', 'flushSheaf(sheaf);\n}'],
      ["import { haltWorld, resumeWorld } from '../thread/stop';\n", ''],
    ],
    scenarios: ['slab-drain'],
  },
  {
    name: 'a retired slab goes back without a grace period',
    edits: [['|| !isQuiescent(state.closedAt)', '']],
    scenarios: ['pin-slab-given-back'],
  },
  {
    name: 'a slab goes back although somebody has pinned it',
    edits: [
      [
        'if (casWord(refsAt(desc), OWNED, unpublishedHere()) == OWNED) return desc;',
        'return desc;',
      ],
    ],
    scenarios: ['pin-slab-retired'],
  },
];
