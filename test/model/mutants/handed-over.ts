/** Mutants of handing things over: whose they were forgets them too late. */
import type { Mutant } from './mutant.ts';

export const handedOverMutants: Mutant[] = [
  {
    name: 'a cell is forgotten when it is free',
    edits: [
      [
        '  selfThreadState().ownCell = 0;\n  freeObject(CACHE_CELL, handle);\n',
        '  freeObject(CACHE_CELL, handle);\n  selfThreadState().ownCell = 0;\n',
      ],
    ],
    scenarios: ['cell-handed-over-killed'],
  },
  {
    name: 'a pattern’s cell is forgotten when it is free',
    edits: [
      [
        '  selfThreadState().ownPattern = 0;\n  freeObject(CACHE_CELL, upper);\n',
        '  freeObject(CACHE_CELL, upper);\n  selfThreadState().ownPattern = 0;\n',
      ],
    ],
    scenarios: ['pattern-handed-over-killed'],
  },
  {
    name: 'an object in limbo is forgotten when others may take it',
    edits: [
      ['    thread.ownCell = 0;\n    endDefer();\n', '    endDefer();\n    thread.ownCell = 0;\n'],
    ],
    scenarios: ['object-handed-over-killed'],
  },
  {
    name: 'an entry in limbo is forgotten when others may take it',
    edits: [
      [
        '    skipFirst(slot);\n    if (handle != 0) endDefer();\n',
        '    if (handle != 0) endDefer();\n    skipFirst(slot);\n',
      ],
    ],
    scenarios: ['value-handed-over-killed'],
  },
  {
    name: 'a zspage in limbo is forgotten when others may take it',
    edits: [
      [
        '  selfThreadState().retired = 0;\n  if (isLast) endDefer();\n',
        '  if (isLast) endDefer();\n  selfThreadState().retired = 0;\n',
      ],
    ],
    scenarios: ['zspage-handed-over-killed'],
  },
  {
    name: 'a zspage whose last pin went is forgotten when others may take it',
    edits: [
      [
        '      strikeNote(desc);\n      endDefer();\n',
        '      endDefer();\n      strikeNote(desc);\n',
      ],
    ],
    scenarios: ['pinned-zspage-handed-over-killed'],
  },
];
