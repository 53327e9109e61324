/** Mutants of zsmalloc: each takes away one thing that its cells and zspages need. */
import type { Mutant } from './mutant.ts';

export const objectMutants: Mutant[] = [
  {
    name: 'a mover commits by a store',
    edits: [
      ['return casCell(handle, seen, moved) == seen;', 'storeCell(handle, moved);\n  return true;'],
      ['import { casCell, loadCell,', 'import { casCell, loadCell, storeCell,'],
    ],
    scenarios: ['object-compact-free', 'object-compact-overwrite'],
  },
  {
    name: 'a mover takes what is still being written',
    edits: [
      [
        'return cellState(cell) == CELL_LIVE && isSamePlace(',
        'return (cellState(cell) & 1) != 0 && isSamePlace(',
      ],
    ],
    scenarios: ['object-compact-draft'],
  },
  {
    name: 'a moved object leaves its room at once',
    edits: [['while (!isQuiescent(thread.leftAt)) if (++look > SPINS) return false;', '']],
    scenarios: ['object-compact-read', 'object-compact-get'],
  },
  {
    name: 'an object freed by a load and a store',
    edits: [
      [
        'if (casCell(cellOf(handle), seen, goneCell(seen)) != seen) continue;\n    pushFreed',
        'storeCell(cellOf(handle), goneCell(seen));\n    pushFreed',
      ],
    ],
    scenarios: ['object-free-free'],
  },
  {
    name: 'an object overwritten by a load and a store',
    edits: [
      [
        'if (casCell(at, seen, sameLife(seen, contents, state)) != seen) continue;',
        'storeCell(at, sameLife(seen, contents, state));',
      ],
    ],
    scenarios: ['object-free-overwrite'],
  },
  {
    name: 'a freed object done at once',
    edits: [
      ['waitingCount(thread) != 0 && isQuiescent(thread.closedAt)', 'waitingCount(thread) != 0'],
    ],
    scenarios: ['object-read-free-reuse', 'object-read-overwrite-reuse'],
  },
  {
    name: 'an emptied zspage goes although it has an owner again',
    edits: [
      [
        'const isRetired = zspageOwner(desc) == 0 && relistLocked(record, desc);',
        'const isRetired = relistLocked(record, desc);',
      ],
    ],
    scenarios: ['object-revival'],
  },
  {
    name: 'a thread does not note what it is about to free',
    edits: [['    thread.freeing = cellOf(handle);\n', '']],
    scenarios: ['object-free-free-killed'],
  },
  {
    name: 'a thread takes a cell and does not say that it was on the slab floor',
    edits: [
      ['  noteEntered();\n', ''],
      [
        "import { noteEntered, takenBy } from '../slab/sheaf';\n",
        "import { takenBy } from '../slab/sheaf';\n",
      ],
    ],
    scenarios: ['object-release-killed'],
  },
  {
    name: 'a sweep leaves the objects that the dead had taken',
    edits: [['  sweepBits(thread, slot);\n', '']],
    scenarios: ['object-compact-free-killed', 'object-compact-compact-killed'],
  },
];
