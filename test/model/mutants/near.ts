/** Mutants of what is kept near: each look that keeps a hit from being stale. */
import type { Mutant } from './mutant.ts';

export const nearMutants: Mutant[] = [
  {
    name: 'what is read while a writer has the leaf is kept',
    edits: [
      [
        'const isFree = leaf != 0 && loadWord(leafLockAt(number)) == 0;',
        'const isFree = leaf != 0;',
      ],
    ],
    scenarios: ['near-set', 'near-delete'],
  },
  {
    name: 'the lock of the leaf is looked at before the version',
    edits: [
      [
        '  if (leaf != 0) version = versionOf(leaf, hash);\n  const isFree = leaf != 0 && loadWord(leafLockAt(number)) == 0;\n',
        '  const isFree = leaf != 0 && loadWord(leafLockAt(number)) == 0;\n  if (leaf != 0) version = versionOf(leaf, hash);\n',
      ],
    ],
    scenarios: ['near-set', 'near-delete'],
  },
  {
    name: 'the version is noted after what was found',
    edits: [
      [
        '  isSettled = isFree && foundLeaf() == leaf;\n',
        '  if (leaf != 0) version = versionOf(leaf, hash);\n  isSettled = isFree && foundLeaf() == leaf;\n',
      ],
    ],
    scenarios: ['near-set', 'near-delete'],
  },
  {
    name: 'a near hit does not ask for the version',
    edits: [['leaf == 0 || versionOf(leaf, hash) != version', 'leaf == 0']],
    scenarios: ['near-set', 'near-split'],
  },
  {
    name: 'a merge takes the larger version for the later one',
    edits: [
      [
        'return ((other - one) & VERSION_MASK) > VERSION_MASK >> 1 ? one : other;',
        'return max(one, other);',
      ],
    ],
    scenarios: ['near-set-merge-last'],
  },
  {
    name: 'a near hit does not ask for the time',
    edits: [['until != 0 && f64(latestTime()) >= until', 'false']],
    scenarios: ['near-time'],
  },
  {
    name: 'a near hit does not ask for deleted tags',
    edits: [['clock != NO_TAGS && clock != f64(tagClock())', 'false']],
    scenarios: ['near-tag'],
  },
  {
    name: 'what is read while a tag is being deleted is kept',
    edits: [['return loadWord(TAGS_LOCK) == 0 && lifeAt', 'return lifeAt']],
    scenarios: ['near-tag'],
  },
  {
    name: 'an entry is not looked at again after the tag clock',
    edits: [
      [' && lifeAt(place, latestTime()) == ALIVE;\n}\n\n/** The note', ';\n}\n\n/** The note'],
    ],
    scenarios: ['near-tag'],
  },
  {
    name: 'a near hit outside of a section',
    edits: [
      ['  enterReading(OP_READ);\n  const holds', '  enter(OP_READ);\n  const holds'],
      [
        "import { enterReading, leaveKernel as leave } from '../thread/stop';\n\n/** The note",
        "import { enterKernel as enter, leaveKernel as leave } from '../thread/stop';\n\n/** The note",
      ],
    ],
    scenarios: ['near-split-reuse'],
  },
];
