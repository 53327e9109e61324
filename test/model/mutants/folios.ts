/** Mutants of folios: their birth, their end, and the split. */
import type { Mutant } from './mutant.ts';

export const folioMutants: Mutant[] = [
  {
    name: 'a folio is published before its words',
    edits: [
      [
        '  headerOf(desc).pfn = pfn;\n  fillPageWords(pfn, 1 << order, desc | type);\n  publish(desc);\n',
        '  publish(desc);\n  headerOf(desc).pfn = pfn;\n  fillPageWords(pfn, 1 << order, desc | type);\n',
      ],
    ],
    scenarios: ['publish-pin'],
  },
  {
    name: 'the original of a split is thawed first',
    edits: [
      [
        '  const pages: u32 = 1 << order;\n  for (let child',
        '  const pages: u32 = 1 << order;\n  unfreeze(desc);\n  for (let child',
      ],
      ['    finishSplit(desc, order);\n    unfreeze(desc);\n', '    finishSplit(desc, order);\n'],
    ],
    scenarios: ['split-pin-tail'],
  },
  {
    name: 'a folio is freed by a name that nobody looks at once it is frozen',
    edits: [['if (folioOf(desc).generation != generation) {', 'if (generation == 0) {']],
    scenarios: ['free-stale'],
  },
  {
    name: 'who frees a folio does not say so before its pages go',
    edits: [['  takeForFree(desc, selfSlot());\n  wakePinners(desc);\n', '  wakePinners(desc);\n']],
    scenarios: ['free-pin-killed'],
  },
  {
    name: 'who frees a folio wakes nobody',
    edits: [['  wakePinners(desc);\n  giveWhole(', '  giveWhole(']],
    scenarios: ['free-pin'],
  },
  {
    name: 'a call that begins with a section does not',
    edits: [['  setInKernel(operation, currentEpoch());', '  setInKernel(operation, 0);']],
    scenarios: ['pin-slab-given-back'],
  },
  {
    name: 'a split that a dead thread had finished leaves the original its order',
    edits: [['  if (own != 0) setOrder(desc, ctz(own));\n', '']],
    scenarios: ['split-pin-killed'],
  },
];
