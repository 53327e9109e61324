/** Mutants of contexts: each leaves one that functions ask for, which the debug build asserts. */
import type { Mutant } from './mutant.ts';

const written: Omit<Mutant, 'isAsserted'>[] = [
  {
    name: 'slabs change without their lock',
    edits: [['  noteEntered();\n  lock(SLAB_STATE);', '  noteEntered();']],
    scenarios: ['set-delete'],
  },
  {
    name: 'the dead are repaired while the world runs',
    edits: [
      [
        '  repairDead();\n  resumeWorld();\n  return i32(reapDead());',
        '  resumeWorld();\n  repairDead();\n  return i32(reapDead());',
      ],
    ],
    scenarios: ['alloc-free-killed'],
  },
  {
    name: 'an object is looked for outside of a section',
    edits: [['  enterSection();\n  const to: usize', '  const to: usize']],
    scenarios: ['object-compact-read'],
  },
  {
    name: 'slabs are reclaimed with a lock held',
    edits: [
      [
        '    setNextCount(from, 0);\n  }\n  unlock(LIMBO_STATE);',
        '    setNextCount(from, 0);\n  }',
      ],
    ],
    scenarios: ['limbo-reclaim'],
  },
  {
    name: 'what is freed is done inside of a section',
    edits: [
      ['  leaveSection();\n  return drainRings()', '  enterSection();\n  return drainRings()'],
    ],
    scenarios: ['limbo-reclaim'],
  },
];

/** One thread shows each. */
export const contextMutants: Mutant[] = written.map((mutant) => ({ ...mutant, isAsserted: true }));
