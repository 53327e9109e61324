/** Mutants of several keys in one call. */
import type { Mutant } from './mutant.ts';

export const manyMutants: Mutant[] = [
  {
    name: 'a row is read outside of a section',
    edits: [
      [
        '  enterReading(OP_READ);\n  const answered = many.getMany',
        '  enter(OP_READ);\n  const answered = many.getMany',
      ],
    ],
    scenarios: ['many-get-overwrite-reuse'],
  },
  {
    name: 'every entry of a row gets the value of the first',
    edits: [
      [
        'const failure = setFrom(value, keyBytes',
        'const failure = setFrom(inputScratch() + SET_KEY + 8, keyBytes',
      ],
    ],
    scenarios: ['many-set-set'],
  },
  {
    name: 'the answer of an entry is that of the one before',
    edits: [
      [
        '  const failure = setFrom(value',
        '  const before = setOutcome(0);\n  const failure = setFrom(value',
      ],
      ['pokeWord(entry, setOutcome(failure));', 'pokeWord(entry, failure == 0 ? before : 0);'],
    ],
    scenarios: ['many-set-set'],
  },
  {
    name: 'a value of a row is counted before it is there',
    edits: [
      [
        '    pokeWord(to, bytes);\n    answered = padValue(answered + bytes);\n',
        '    pokeWord(to, bytes);\n    answered = padValue(answered);\n',
      ],
    ],
    scenarios: ['many-get-overwrite-reuse'],
  },
];
