/** Mutants of limbo and of its repair. */
import type { Mutant } from './mutant.ts';

const killed = ['limbo-zspage-killed', 'limbo-done-killed', 'limbo-object-killed'];

export const limboMutants: Mutant[] = [
  {
    name: 'a done list hangs from its slot too late',
    edits: [
      [
        '    self.done = from.waiting;\n    from.waiting = 0;',
        '    const done = from.waiting;\n    from.waiting = 0;',
      ],
      ['setWaitingCount(from, 0);', 'setWaitingCount(from, 0);\n    self.done = done;'],
    ],
    scenarios: killed,
  },
  {
    name: 'objects go into limbo without its lock',
    edits: [['  lock(LIMBO_STATE);\n  const into', '  const into']],
    scenarios: ['limbo-reclaim'],
  },
  {
    name: 'a done zspage is with no thread',
    edits: [['      selfThreadState().retired = object;\n', '']],
    scenarios: ['limbo-zspage-killed', 'limbo-done-killed'],
  },
  {
    name: 'a done object is with no thread',
    edits: [['      selfThreadState().ownCell = object;\n      self.done', '      self.done']],
    scenarios: ['limbo-object-killed'],
  },
  {
    name: 'what was done is forgotten',
    edits: [['    into.next = self.done;\n', '']],
    scenarios: killed,
  },
  {
    name: 'what its thread has is put back as well',
    edits: [['if (isTaken) self.done', 'if (false) self.done']],
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
    scenarios: ['object-recover-anothers-killed'],
  },
  {
    name: 'a full ring that another drains is written over',
    edits: [
      [
        '  lock(ringLockAt(slot));\n  failIfUnsound(slot);\n  while (deferredIn(slot) != 0) {',
        '  if (!tryLock(ringLockAt(slot))) return;\n  while (deferredIn(slot) != 0) {',
      ],
    ],
    scenarios: ['ring-full-drained'],
  },
  {
    name: 'a clear is through with a leaf when its ring has room again',
    edits: [['  return at == LEAF_CELLS;\n', '  return at == LEAF_CELLS || hasRingRoom();\n']],
    scenarios: ['ring-full-cleared'],
  },
  {
    name: 'a zspage that a repair finds empty stays',
    edits: [['if (isMine && isUnused(desc) && !isBeingVacated(desc, slot))', 'if (false)']],
    scenarios: ['limbo-zspage-killed'],
  },
];
