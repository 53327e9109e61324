/** Mutants of page words, references, pins, locks and types, written by hand. */
import type { Mutant } from './mutant.ts';

export const descriptorMutants: Mutant[] = [
  {
    name: 'pin without the recheck',
    edits: [
      ['pageWord(pfn) == word ? desc | PIN_HELD : leaveStranger(pfn, desc)', 'desc | PIN_HELD'],
      ['if (pageWord(pfn) == word) return desc | PIN_HELD;', 'return desc | PIN_HELD;'],
    ],
    scenarios: ['pin-free-descriptor-reused'],
  },
  {
    name: 'who waits for a lock stays inside the kernel',
    edits: [
      [
        '  leaveKernel();\n  parkSlice(at, seen);\n  enterKernel(operation);\n',
        '  parkAtSafepoint(at, seen);\n',
      ],
    ],
    scenarios: ['lock-check'],
  },
  {
    name: 'pin taken without an owner',
    edits: [['return refs - OWNED < PIN_MASK;', 'return (refs & (FROZEN | UNPUBLISHED)) == 0;']],
    scenarios: ['pin-free-page-reused', 'pin-free-descriptor-reused', 'pin-free-both-reused'],
  },
  {
    name: 'pins dropped by a load and a store',
    edits: [
      [
        ': seen - 1;\n    const found = casWord(refsAt(desc), seen, next);',
        ': seen - 1;\n    const found = seen;\n    storeWord(refsAt(desc), next);',
      ],
      [
        'return seen - OWNED - 1 < PIN_MASK && casWord(refsAt(desc), seen, seen - 1) == seen;',
        'if (seen - OWNED - 1 >= PIN_MASK) return false;\n' +
          '  storeWord(refsAt(desc), seen - 1);\n  return true;',
      ],
    ],
    scenarios: ['lock-unlock', 'pin-free-page-reused'],
  },
  {
    name: 'the last reference goes although it is frozen',
    edits: [['const isLast = seen == 1;', 'const isLast = (seen & COUNT_MASK) == 1;']],
    scenarios: ['freeze-put-pinned'],
  },
  {
    name: 'a thaw does not look whether the last reference has gone',
    edits: [['if ((seen & COUNT_MASK) == 0) return true;', '']],
    scenarios: ['freeze-put'],
  },
  {
    name: 'a reference taken of what is frozen',
    edits: [['return refs - OWNED < PIN_MASK;', 'return (refs & OWNED) != 0;']],
    scenarios: ['freeze-put'],
  },
  {
    name: 'free decided by a load and a store',
    edits: [
      [
        'return casWord(pageWordAt(pfn), expected, desired) == expected;',
        'if (loadWord(pageWordAt(pfn)) != expected) return false;\n' +
          '  storeWord(pageWordAt(pfn), desired);\n  return true;',
      ],
    ],
    scenarios: ['free-free'],
  },
  {
    name: 'descriptor lock taken by a load and a store',
    edits: [
      [
        'const found = casWord(flagsAt(desc), seen, (seen & ~ORPHANED) | mine());',
        'const found = seen;\n' +
          '    atomic.store<u32>(flagsAt(desc), (seen & ~ORPHANED) | mine());',
      ],
    ],
    scenarios: ['lock-unlock'],
  },
  {
    name: 'descriptor unlock wakes nobody',
    edits: [['if ((found & WAITERS) != 0) wakeWord(flagsAt(desc), 1);', '']],
    scenarios: ['lock-unlock'],
  },
  {
    name: 'descriptor published by a plain store',
    edits: [
      [
        'export function publish(desc: Desc): void {\n  storeWord(refsAt(desc), OWNED);',
        'export function publish(desc: Desc): void {\n  store<u32>(refsAt(desc), OWNED);',
      ],
    ],
    scenarios: ['pin-free-descriptor-reused'],
  },
  {
    name: 'the last pin is found out after it was dropped',
    edits: [
      [
        'const isLast = seen == 1;\n    const next = isLast ? FROZEN | (selfSlot() << SLOT_SHIFT) : seen - 1;\n' +
          '    const found = casWord(refsAt(desc), seen, next);\n    if (found == seen) return isLast;',
        'const found = casWord(refsAt(desc), seen, seen - 1);\n' +
          '    if (found == seen) return (loadWord(refsAt(desc)) & COUNT_MASK) == 0;',
      ],
    ],
    scenarios: ['put-put'],
  },
  {
    name: 'a pin is written down after it was counted',
    edits: [
      [
        '    enter(desc);\n    const got = tryGet(desc);\n    if (got == GET_DONE) {',
        '    const got = tryGet(desc);\n    enter(desc);\n    if (got == GET_DONE) {',
      ],
      [
        '    enter(desc);\n    if (getFast(desc)) return',
        '    const isTaken = getFast(desc);\n    enter(desc);\n    if (isTaken) return',
      ],
    ],
    scenarios: ['pin-put-killed'],
  },
  {
    name: 'a pin is crossed out before it was dropped',
    edits: [
      [
        '  const isLast = put(desc);\n  if (isLast) keepAsNote(desc);\n  else strike(desc);\n  return isLast;',
        '  strike(desc);\n  const isLast = put(desc);\n  if (isLast) enter(desc | 1);\n  return isLast;',
      ],
      [
        '  if (!putFast(desc)) return false;\n  strike(desc);\n  return true;',
        '  strike(desc);\n  if (putFast(desc)) return true;\n  enter(desc);\n  return false;',
      ],
    ],
    scenarios: ['pin-put-killed'],
  },
  {
    name: 'who waits for a lock does not say so',
    edits: [['const wish = seen | WAITERS |', 'const wish = seen |']],
    scenarios: ['lock-unlock'],
  },
  {
    name: 'a lock that was handed over is taken without saying that others wait',
    edits: [
      [
        '(seen & ~(ORPHANED | HANDOFF)) | WAITERS | mine()',
        '(seen & ~(ORPHANED | HANDOFF)) | mine()',
      ],
    ],
    scenarios: ['lock-three'],
  },
  {
    name: "a dead thread's lock stays",
    edits: [
      ['headerOf(desc).link == 0) breakDescLock(desc);', 'headerOf(desc).link == 0) return false;'],
    ],
    scenarios: ['lock-unlock-killed'],
  },
  {
    name: 'an unfreeze wakes nobody',
    edits: [
      [
        "  if (loadWord(MEMDESC_STATE + offsetof<MemdescState>('waiters')) != 0) wakeWord(refsAt(desc), -1);\n",
        '',
      ],
    ],
    scenarios: ['split-pin-tail'],
  },
  {
    name: 'types are registered without a lock',
    edits: [
      ['  lock(MEMDESC_STATE);\n', ''],
      ['  unlock(MEMDESC_STATE);\n', ''],
    ],
    scenarios: ['register-register', 'register-differently'],
  },
];
