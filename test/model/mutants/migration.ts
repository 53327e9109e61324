/** Mutants of page migration, written by hand: each step, and the order of the steps. */
import type { Mutant } from './mutant.ts';

export const migrationMutants: Mutant[] = [
  {
    name: 'a pinned folio is moved',
    edits: [['  if (freeze(desc, 0)) {', '  freeze(desc, 0);\n  if (true) {']],
    scenarios: ['migrate-lock-write', 'migrate-pin'],
  },
  {
    name: 'a mover does not look again after the freeze',
    edits: [
      [
        'const place = pageWord(pfn) == word ? placeOf(pfn, word, desc) : 0;',
        'const place = placeOf(pfn, word, desc);',
      ],
    ],
    scenarios: ['migrate-descriptor-reused'],
  },
  {
    name: 'thawed before the place is changed',
    edits: [['  storeWord(place, to);\n', '  unfreeze(desc);\n  storeWord(place, to);\n']],
    scenarios: ['migrate-pin', 'migrate-lock-write'],
  },
  {
    name: 'the place is changed before the copy',
    edits: [
      ['  memory.copy(pageAddress(to),', '  storeWord(place, to);\n  memory.copy(pageAddress(to),'],
      ['  storeWord(place, to);\n  if (wordType', '  if (wordType'],
    ],
    scenarios: ['migrate-read-tail'],
  },
  {
    name: 'an emptied range is reused without a grace period',
    edits: [
      ['look < SPINS && !isQuiescent(state.closedAt); look++', 'look < 0; look++'],
      [
        '  if (!isQuiescent(state.closedAt)) {\n    sleepAtSafepoint();\n    failIfIdle(true, whoReads(state.closedAt), 1);\n    return;\n  }\n',
        '',
      ],
    ],
    scenarios: ['migrate-read'],
  },
  {
    name: 'a zspage’s page is moved without its lock',
    edits: [
      ['const isMine = tryLock(zspageLockAt(desc));', 'const isMine = true;'],
      ['  if (isMine) unlock(zspageLockAt(desc));\n', ''],
    ],
    scenarios: ['migrate-alloc', 'migrate-object-free'],
  },
  {
    name: 'an object is used again without its zspage’s lock',
    edits: [
      ['  lockZspage(desc);\n  const unused', '  const unused'],
      [
        'newLife(renewed, CELL_UNPUBLISHED));\n  unlock(zspageLockAt(desc));\n',
        'newLife(renewed, CELL_UNPUBLISHED));\n',
      ],
    ],
    scenarios: ['migrate-renew'],
  },
  {
    name: 'a page with a draft on it is moved',
    edits: [['entry != 0 && hasDraftOn(desc, entryIndex(desc, entry)) ? 0 : entry', 'entry']],
    scenarios: ['migrate-alloc', 'migrate-alloc-parts'],
  },
  {
    name: 'a freed object is linked without its zspage’s lock',
    edits: [
      ['  const desc = lockAround(handle, 0);', '  const desc = zsZspage(handle);'],
      [
        '  beginDefer(kind, handle, zsLinkAt(handle));\n  unlock(zspageLockAt(desc));',
        '  beginDefer(kind, handle, zsLinkAt(handle));',
      ],
    ],
    scenarios: ['migrate-object-free'],
  },
  {
    name: 'a move that is over is not forgotten',
    edits: [['  forgetMove();\n  return outcome;', '  return outcome;']],
    scenarios: ['migrate-killed-freed'],
  },
  {
    name: 'where isolated pages are is noted too late',
    edits: [
      ['  noteIsolated(state.moveFrom, pages);\n', ''],
      ['  return MOVED;\n', '  noteIsolated(state.moveFrom, pages);\n  return MOVED;\n'],
    ],
    scenarios: ['migrate-killed'],
  },
  {
    name: 'objects are not told that their page has moved',
    edits: [['  renameOn(desc, entryIndex(desc, place), from);\n', '']],
    scenarios: ['migrate-read', 'migrate-read-across'],
  },
  {
    name: 'objects are told of their page’s move by a load and a store',
    edits: [
      [
        'const found = casCell(handle, seen, renamedCell(seen, to));',
        'const found = seen;\n    storeCell(handle, renamedCell(seen, to));',
      ],
      [
        'import { casCell, loadCell, peekWord }',
        'import { casCell, loadCell, peekWord, storeCell }',
      ],
    ],
    scenarios: ['migrate-object-free'],
  },
  {
    name: 'a moved page’s word is gone before its objects are told',
    edits: [
      [
        '  renameOn(desc, entryIndex(desc, place), from);\n  storePageWord(from, ISOLATED_WORD);',
        '  storePageWord(from, ISOLATED_WORD);\n  renameOn(desc, entryIndex(desc, place), from);',
      ],
    ],
    scenarios: ['migrate-read-killed', 'migrate-killed-alloc'],
  },
  {
    name: 'a dead mover’s objects name the page that they had',
    edits: [['    if (!isByIndex(cell)) mendPlace(at, cell, desc);\n', '']],
    scenarios: ['migrate-read-killed', 'migrate-killed-alloc'],
  },
  {
    name: 'who reads over two pages looks for the zspage once',
    edits: [['    if (desc != 0) return placeOf(cell, desc);', '    return placeOf(cell, desc);']],
    scenarios: ['migrate-read-across'],
  },
  {
    name: 'a dead mover’s move is always undone',
    edits: [
      ['const isThere = loadWord(state.movePlace) == state.moveTo;', 'const isThere = false;'],
    ],
    scenarios: ['migrate-killed'],
  },
];
