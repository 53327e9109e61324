/** Mutants of counts, which are changed where they stand. */
import type { Mutant } from './mutant.ts';

export const countMutants: Mutant[] = [
  {
    name: 'a count is changed without the lock of its zspage',
    edits: [
      [
        '    if (desc == 0 || !tryLockZspage(desc)) continue;\n    const isThere = loadCell(handle) == cell;\n    if (isThere) zsStoreWord(placeOf(cell, desc), to, value);\n    unlock(zspageLockAt(desc));',
        '    if (desc == 0) continue;\n    const isThere = loadCell(handle) == cell;\n    if (isThere) zsStoreWord(placeOf(cell, desc), to, value);',
      ],
    ],
    scenarios: ['count-pack'],
  },
  {
    name: 'a count is changed where it was before its zspage was locked',
    edits: [
      [
        '    const isThere = loadCell(handle) == cell;\n    if (isThere) zsStoreWord',
        '    const isThere = true;\n    if (isThere) zsStoreWord',
      ],
    ],
    scenarios: ['count-pack'],
  },
  {
    name: 'a count is changed and its line keeps its version',
    edits: [['  raiseVersion(leaf, hash);\n  return zsChangeWord(', '  return zsChangeWord(']],
    scenarios: ['count-update'],
  },
];
