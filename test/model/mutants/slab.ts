/** Mutants of the slab: sheaves, drains, grace periods, and what a survivor does. */
import type { Mutant } from './table.ts';

export const slabMutants: Mutant[] = [
  {
    name: 'the sheaves of the dead are left alone',
    file: 'slab/recover.ts',
    edits: [
      [
        'const isAlive = owner != 0 && slotState(owner) == SLOT_LIVE;',
        'const isAlive = owner != 0;',
      ],
    ],
    scenarios: ['slab-alloc-killed'],
  },
  {
    name: 'a descriptor that was taken and not noted is left',
    file: 'slab/recover.ts',
    edits: [['  if (slotOf(slot).hasUnborn == 0) return;', '  return;']],
    scenarios: ['slab-alloc-killed'],
  },
  {
    name: 'a slab whose maker died is left alone',
    file: 'slab/recover.ts',
    edits: [['slab.grower == 0 || slotState(slab.grower) != SLOT_LIVE', 'slab.grower == 0']],
    scenarios: ['slab-grow-killed'],
  },
  {
    name: 'a free that two threads win',
    file: 'slab/kmem-cache.ts',
    edits: [['if (casByte(at, IN_USE, IN_SHEAF) != IN_USE) return false;', '']],
    scenarios: ['slab-free-free'],
  },
  {
    name: 'sheaves that others have emptied go to the barn as full ones',
    file: 'slab/kmem-cache.ts',
    edits: [['if (isFull(rack.loaded)) makeRoom(cache, rack);', 'makeRoom(cache, rack);']],
    scenarios: ['slab-free-drain'],
  },
  {
    name: 'sheaves of others are emptied while the world runs',
    file: 'slab/drain.ts',
    edits: [
      ['function drainThreads(): void {\n  haltWorld();', 'function drainThreads(): void {'],
      ['  }\n  resumeWorld();\n}', '  }\n}'],
      ["import { haltWorld, resumeWorld } from '../thread/stop';\n", ''],
    ],
    scenarios: ['slab-drain', 'slab-reserve-drain'],
  },
  {
    name: 'reserves are emptied with the other sheaves',
    file: 'slab/drain.ts',
    edits: [
      ['if ((sheafOf(sheaf).owner & RESERVED) == 0) flushSheaf(sheaf);', 'flushSheaf(sheaf);'],
    ],
    scenarios: ['slab-reserve-drain'],
  },
  {
    name: 'a retired slab goes back without a grace period',
    file: 'slab/retire.ts',
    edits: [['|| !isQuiescent(state.closedAt)', '']],
    scenarios: ['pin-slab-given-back'],
  },
  {
    name: 'a slab goes back although somebody has pinned it',
    file: 'slab/retire.ts',
    edits: [
      ['if (casWord(refsAt(desc), OWNED, bornHere()) == OWNED) return desc;', 'return desc;'],
    ],
    scenarios: ['pin-slab-retired'],
  },
];
