/** Mutants of page migration, written by hand: each step, and the order of the steps. */
import type { Mutant } from './table.ts';

export const migrationMutants: Mutant[] = [
  {
    name: 'a pinned folio is moved',
    file: 'compact/migrate.ts',
    edits: [['if (!freeze(desc, 0)) return REASON_PINNED;', 'freeze(desc, 0);']],
    scenarios: ['migrate-lock-write', 'migrate-pin'],
  },
  {
    name: 'a mover does not look again after the freeze',
    file: 'compact/migrate.ts',
    edits: [['const isSame = pageWord(pfn) == word;', 'const isSame = true;']],
    scenarios: ['migrate-descriptor-reused'],
  },
  {
    name: 'thawed before the place is changed',
    file: 'compact/migrate.ts',
    edits: [['  storeWord(place, to);\n', '  unfreeze(desc);\n  storeWord(place, to);\n']],
    scenarios: ['migrate-pin', 'migrate-lock-write'],
  },
  {
    name: 'where captured pages are is noted too late',
    file: 'compact/migrate.ts',
    edits: [
      ['  noteCaptured(state.moveFrom, pages);\n', ''],
      ['  return MOVED;\n', '  noteCaptured(state.moveFrom, pages);\n  return MOVED;\n'],
    ],
    scenarios: ['migrate-killed'],
  },
  {
    name: 'a dead mover’s move is always undone',
    file: 'compact/migrate.ts',
    edits: [
      ['const isThere = loadWord(state.movePlace) == state.moveTo;', 'const isThere = false;'],
    ],
    scenarios: ['migrate-killed'],
  },
];
