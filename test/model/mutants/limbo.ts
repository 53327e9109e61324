/** Mutants of limbo and of its repair. */
import type { Mutant } from './table.ts';

const killed = ['limbo-zspage-killed', 'limbo-ripe-killed', 'limbo-object-killed'];

export const limboMutants: Mutant[] = [
  {
    name: 'a ripe list hangs from its slot too late',
    edits: [
      [
        '    self.ripe = from.ripening;\n    from.ripening = 0;',
        '    const ripe = from.ripening;\n    from.ripening = 0;',
      ],
      ['setRipeningCount(from, 0);', 'setRipeningCount(from, 0);\n    self.ripe = ripe;'],
    ],
    scenarios: killed,
  },
  {
    name: 'objects go into limbo without its lock',
    edits: [['  lock(LIMBO_STATE);\n  const into', '  const into']],
    scenarios: ['limbo-reclaim'],
  },
  {
    name: 'a ripe zspage is with no thread',
    edits: [['      selfThreadState().retired = object;\n', '']],
    scenarios: killed,
  },
  {
    name: 'a ripe object is with no thread',
    edits: [['      selfThreadState().ownCell = object;\n      self.ripe', '      self.ripe']],
    scenarios: ['limbo-object-killed'],
  },
  {
    name: 'what was ripe is forgotten',
    edits: [['    into.filling = self.ripe;\n', '']],
    scenarios: killed,
  },
  {
    name: 'what its thread has is put back as well',
    edits: [['if (isTaken) self.ripe', 'if (false) self.ripe']],
    scenarios: killed,
  },
  {
    name: 'the lock of limbo stays with the dead',
    edits: [['  breakLock(LIMBO_STATE, slot);\n', '']],
    scenarios: killed,
  },
  {
    name: 'a zspage that another owns goes with who died in it',
    edits: [
      ['(owner == 0 && isLockOf(zspageLockAt(desc), slot))', 'isLockOf(zspageLockAt(desc), slot)'],
    ],
    scenarios: ['limbo-last-object-killed'],
  },
  {
    name: 'a zspage that a repair finds empty stays',
    edits: [['if (isMine && isUnused(desc))', 'if (false)']],
    scenarios: killed,
  },
];
