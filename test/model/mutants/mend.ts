/** Mutants of what a dead thread's state names in zsmalloc, and of who goes by it. */
import type { Mutant } from './mutant.ts';

const alloc = ['object-alloc-killed'];

export const mendMutants: Mutant[] = [
  {
    name: 'lists of a class that a dead thread left half-changed are taken for whole',
    edits: [['zsState().repairing == 0 && !isAnyForsaken()', 'zsState().repairing == 0']],
    scenarios: alloc,
  },
  {
    name: 'lists of a class that a dead recoverer left half-changed are taken for whole',
    edits: [['zsState().repairing == 0 && !isAnyForsaken()', '!isAnyForsaken()']],
    scenarios: ['object-recover-killed'],
  },
  {
    name: 'a sweep that a dead recoverer began is done once',
    edits: [['  thread.needsSweep = 1;\n  repairThreadState', '  repairThreadState']],
    scenarios: ['object-sweep-killed'],
  },
  {
    name: 'an object that comes is not named before its bit is set',
    edits: [['      namePlace(desc, index);\n      if (fillIndex', '      if (fillIndex']],
    scenarios: alloc,
  },
  {
    name: 'an object that goes is not named before its cell is taken',
    edits: [['  namePlace(desc, index);\n  takeCell(handle);', '  takeCell(handle);']],
    scenarios: ['object-release-killed', ...alloc],
  },
  {
    name: 'a lock is taken of which nothing is said',
    edits: [['  namePlace(desc, NO_INDEX);\n  lock(', '  lock(']],
    scenarios: ['object-release-killed'],
  },
  {
    name: 'an object that is still freed is taken for one that is gone',
    edits: [['  return isNamedBy(thread.ownCell, desc, index) || ', '  return ']],
    scenarios: ['limbo-object-killed'],
  },
  {
    name: 'an object that has its cell already is taken for one that has none',
    edits: [
      ['isIndexUsed(desc, index) && !isNamed(desc, index, thread)', 'isIndexUsed(desc, index)'],
    ],
    scenarios: ['object-release-killed', ...alloc],
  },
  {
    name: 'a page that comes has no name before the zspage lists it',
    edits: [['  selfThreadState().page = pfn;\n', '']],
    scenarios: alloc,
  },
  {
    name: 'a page that goes has no name when the zspage does not list it',
    edits: [['  thread.page = pfn;\n', '']],
    scenarios: ['object-release-killed'],
  },
  {
    name: 'a new zspage has no name until its thread has put it down',
    edits: [['  selfThreadState().taken = desc;\n  initZspage', '  initZspage']],
    scenarios: alloc,
  },
  {
    name: 'a full zspage has no name while it becomes the spare one',
    edits: [['  selfThreadState().taken = active;\n', '']],
    scenarios: ['object-spare-killed'],
  },
  {
    name: 'zspages that a dead thread filled stay its own',
    edits: [['i < 2 * ACTIVES; i++) mendOwned', 'i < 0; i++) mendOwned']],
    scenarios: alloc,
  },
  {
    name: 'a mover does not say that it moves objects',
    edits: [['  thread.needsSweep = 1;\n  const moved', '  const moved']],
    scenarios: ['object-compact-compact-killed'],
  },
  {
    name: 'who overwrites does not say that its object may be told by another cell',
    edits: [['  thread.needsSweep = 1;\n  const outcome', '  const outcome']],
    scenarios: ['object-overwrite-killed'],
  },
  {
    name: 'a mover of pages does not say that cells may have to be renamed',
    edits: [['  selfThreadState().needsSweep = 1;\n', '']],
    scenarios: ['migrate-killed-object-free', 'migrate-killed-alloc', 'migrate-killed-pack'],
  },
  {
    name: 'a zspage that a living thread has just vacated is taken out by a recovery as well',
    edits: [['isUnused(desc) && !isBeingVacated(desc, slot)', 'isUnused(desc)']],
    scenarios: ['object-free-owner-killed'],
    bound: 1,
  },
];
