/** Mutants of waiting for memory that others have. */
import type { Mutant } from './mutant.ts';

export const shortMutants: Mutant[] = [
  {
    name: 'who finds nothing to evict does not look what others have',
    edits: [['isLastTry = !isOnItsWay();', 'isLastTry = true;']],
    scenarios: ['short-while-freed', 'short-drafts'],
  },
  {
    name: 'who finds nothing does not try once more',
    edits: [
      [
        'if (isLastTry) return wasLast ? NOTHING_FREED : FREED;',
        'if (isLastTry) return NOTHING_FREED;',
      ],
    ],
    scenarios: ['short-while-freed'],
  },
  {
    name: 'who finds nothing to evict does not look whether something has been stored',
    edits: [['isInOtherHands() || entryCount() != 0 || ', 'isInOtherHands() || ']],
    scenarios: ['short-while-stored'],
  },
  {
    name: 'of two that have begun to write none gives way',
    edits: [['  dropDraft(selfState());\n  do sleepAtSafepoint();', '  do sleepAtSafepoint();']],
    scenarios: ['short-drafts'],
  },
];
