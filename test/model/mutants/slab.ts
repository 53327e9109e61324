/** Mutants of the slab: sheaves, drains, grace periods, and what a survivor does. */
import type { Mutant } from './mutant.ts';

export const slabMutants: Mutant[] = [
  {
    name: 'the sheaves of the dead are left alone',
    edits: [['const isKept = owner != 0 && isAlive(owner);', 'const isKept = owner != 0;']],
    scenarios: ['slab-alloc-killed'],
  },
  {
    name: 'a descriptor that was taken and not noted is left',
    edits: [['isUnpublishedDesc(last, slot) ? last : 0', '0']],
    scenarios: ['slab-alloc-killed'],
  },
  {
    name: 'lists that a dead thread left half-changed are taken for whole',
    edits: [['if (isWhole && !isForsaken(SLAB_STATE))', 'if (isWhole)']],
    scenarios: ['slab-alloc-killed', 'slab-free-killed'],
  },
  {
    name: 'lists that a dead recoverer left half-changed are taken for whole',
    edits: [['const isWhole = slabState().repairing == 0;', 'const isWhole = true;']],
    scenarios: ['slab-recover-killed'],
  },
  {
    name: 'what a dead thread had in its sheaves is theirs for ever',
    edits: [['if (sheafOwner(sheaf) == slot) takeBackSheaf(sheaf);', '']],
    scenarios: ['slab-alloc-killed'],
  },
  {
    name: 'the object that a dead thread took last is left',
    edits: [['if (isLost(cacheOf(cache).kind, last, slot)) takeBack(last);\n  else ', '']],
    scenarios: ['object-release-killed'],
  },
  {
    name: 'a cell that is given back has no name while it goes',
    edits: [['  nameLast(handle);\n', '']],
    scenarios: ['object-release-killed', 'object-overwrite-killed'],
  },
  {
    name: 'a pattern that is given back has no name while it goes',
    edits: [['  nameLast(upper);\n', '']],
    scenarios: ['object-pattern-killed'],
  },
  {
    name: 'what a user gives back has no name while it goes',
    edits: [['  nameLast(object);\n  if (casByte', '  if (casByte']],
    scenarios: ['slab-free-killed'],
  },
  {
    name: 'what another gave back meanwhile is taken out of his hands',
    edits: [[' && !isHeld(object)', '']],
    scenarios: ['slab-free-free-killed'],
  },
  {
    name: 'a slab that goes back has no name while it goes',
    edits: [['    nameLast(desc);\n', '']],
    scenarios: ['slab-reclaim-killed'],
  },
  {
    name: 'the first slab of descriptors has no name until it is listed',
    edits: [['    if (isSelf) nameLast(pageAddress(pfn));\n', '']],
    scenarios: ['slab-grow-killed'],
  },
  {
    name: 'a slab whose maker died is left alone',
    edits: [
      ['else if (slabOf(desc).grower == slot) {', 'else if (slabOf(desc).grower == slot + 256) {'],
    ],
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
  {
    name: 'a recovery looks into the hand of who is outside',
    edits: [['operationOf(slot) == 0 ? 0 : slotOf(slot).page', 'slotOf(slot).page']],
    scenarios: ['slab-new-free-killed'],
  },
];
