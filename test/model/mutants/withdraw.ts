/** Mutants of looking at pages and withdrawing them, written by hand. */
import type { Mutant } from './mutant.ts';

export const withdrawMutants: Mutant[] = [
  {
    name: 'a page is poisoned without being taken',
    edits: [['if (!takeBlockAt(pfn, 0, CLASS_UNMOVABLE)) return false;', '']],
    scenarios: ['poison-alloc'],
  },
  {
    name: 'a page is poisoned although it could not be emptied',
    edits: [['if (pageWord(state.first) != ISOLATED_WORD) return;', '']],
    scenarios: ['poison-move-pinned'],
  },
  {
    name: 'a page is given back before it is poisoned',
    edits: [
      [
        '  storePageWord(state.first, TYPE_POISONED);\n',
        '  giveToTrees(state.first, 0);\n  storePageWord(state.first, TYPE_POISONED);\n',
      ],
    ],
    scenarios: ['poison-move-alloc'],
  },
  {
    name: 'a poisoned page is given back by a load and a store',
    edits: [
      [
        'const isOurs = casPageWord(pfn, TYPE_POISONED, TYPE_FREE);',
        'const isOurs = pageWord(pfn) == TYPE_POISONED;\n  if (isOurs) storePageWord(pfn, TYPE_FREE);',
      ],
    ],
    scenarios: ['unpoison-unpoison'],
  },
  {
    name: 'a page is described by one look',
    edits: [
      [
        '    pageWord(pfn) == word && loadWord(refsAt(desc)) == refs && loadWord(flagsAt(desc)) == flags\n',
        '    true\n',
      ],
    ],
    scenarios: ['describe-free'],
  },
  {
    name: 'a folio is described while it is being born',
    edits: [
      [
        '  // A folio that is freed and reborn',
        '  first = 1;\n  // A folio that is freed and reborn',
      ],
      ['  const first = loadWord(pfnAt(desc));', '  let first = loadWord(pfnAt(desc));'],
    ],
    scenarios: ['describe-reborn'],
  },
  {
    name: 'a description does not look again whose page it is',
    edits: [['    pageWord(pfn) == word && loadWord', '    loadWord']],
    scenarios: ['describe-free'],
  },
];
