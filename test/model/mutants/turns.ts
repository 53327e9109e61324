/** Mutants of the turn: each look that makes it one thread's, and what ends it. */
import type { Mutant } from './mutant.ts';

export const turnMutants: Mutant[] = [
  {
    name: 'the turn is taken from who has it',
    edits: [
      [
        'return casWord(TURN_STATE, 0, ownTurn(keyBytes)) == 0;',
        'return casWord(TURN_STATE, loadWord(TURN_STATE), ownTurn(keyBytes)) != 1;',
      ],
    ],
    scenarios: ['turn-turn'],
  },
  {
    name: 'nobody waits for the turn of another',
    edits: [['return seen != 0 && (seen & SLOT_MASK) != selfSlot();', 'return false;']],
    scenarios: ['turn-update'],
  },
  {
    name: "who gives a turn back gives another's",
    edits: [['  if ((seen & SLOT_MASK) == slot) endTurn(seen);', '  endTurn(seen);']],
    scenarios: ['turn-ended'],
  },
  {
    name: 'the turn stays with the dead',
    edits: [['  giveTurn(slot);\n', '']],
    scenarios: ['turn-killed-survived'],
  },
];
