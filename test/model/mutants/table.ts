/** Mutants written by hand: each takes away one thing that a protocol says it needs. */
import { folioMutants } from './folios.ts';
import { frameMutants } from './frames.ts';
import { migrationMutants } from './migration.ts';
import { objectMutants } from './objects.ts';
import { slabMutants } from './slab.ts';

export interface Mutant {
  name: string;
  /** Below kernel/. */
  file: string;
  /** What is found, exactly once in the file, and what takes its place. */
  edits: [find: string, replace: string][];
  /** One of these must fail. */
  scenarios: string[];
  /** Preemptions, where more are needed than the scenario's own bound. */
  bound?: number;
}

export const mutants: Mutant[] = [
  {
    name: 'pin without the recheck',
    file: 'memdesc/pin.ts',
    edits: [['if (pageWord(pfn) == word) return desc | PIN_HELD;', 'return desc | PIN_HELD;']],
    scenarios: ['pin-free-descriptor-reused'],
  },
  {
    name: 'pin taken without an owner',
    file: 'memdesc/header.ts',
    edits: [['while (seen - OWNED < PIN_MASK) {', 'while ((seen & (FROZEN | BORN)) == 0) {']],
    scenarios: ['pin-free-page-reused', 'pin-free-descriptor-reused', 'pin-free-both-reused'],
  },
  {
    name: 'pins dropped by a load and a store',
    file: 'memdesc/header.ts',
    edits: [
      [
        ': seen - 1;\n    const found = casWord(refsAt(desc), seen, next);',
        ': seen - 1;\n    const found = seen;\n    storeWord(refsAt(desc), next);',
      ],
    ],
    scenarios: ['lock-unlock', 'pin-free-page-reused'],
  },
  {
    name: 'the last reference goes although it is frozen',
    file: 'memdesc/header.ts',
    edits: [['const isLast = seen == 1;', 'const isLast = (seen & COUNT_MASK) == 1;']],
    scenarios: ['freeze-put'],
  },
  {
    name: 'a thaw does not look whether the last reference has gone',
    file: 'memdesc/header.ts',
    edits: [['if ((seen & COUNT_MASK) == 0) return true;', '']],
    scenarios: ['freeze-put'],
  },
  {
    name: 'a reference taken of what is frozen',
    file: 'memdesc/header.ts',
    edits: [
      [
        'if (seen != counted) return (seen & BORN) != 0 || counted != 0 ? GET_BUSY : GET_GONE;',
        'if ((seen & BORN) != 0) return GET_BUSY;',
      ],
    ],
    scenarios: ['freeze-put'],
  },
  {
    name: 'free decided by a load and a store',
    file: 'memdesc/page-word.ts',
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
    name: 'lock taken by a load and a store',
    file: 'thread/lock.ts',
    edits: [
      [
        'if (casWord(at, 0, selfSlot()) != 0) lockSlow(at);',
        'if (loadWord(at) != 0) lockSlow(at);\n  else atomic.store<u32>(at, selfSlot());',
      ],
    ],
    scenarios: ['slab-across-threads'],
  },
  {
    name: 'unlock wakes nobody',
    file: 'thread/lock.ts',
    edits: [['if ((found & WAITERS) != 0) wakeWord(at, 1);', '']],
    scenarios: ['slab-across-threads'],
  },
  {
    name: 'descriptor lock taken by a load and a store',
    file: 'memdesc/desc-lock.ts',
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
    file: 'memdesc/desc-lock.ts',
    edits: [['if ((found & WAITERS) != 0) wakeWord(flagsAt(desc), 1);', '']],
    scenarios: ['lock-unlock'],
  },
  {
    name: 'readers without a section',
    file: 'thread/rcu.ts',
    edits: [['storeCell(sectionAt(selfSlot()), currentEpoch());', '']],
    scenarios: ['get-overwrite-reuse'],
  },
  {
    name: 'limbo ripe at once',
    file: 'thread/limbo.ts',
    edits: [
      ['if (from.ripening != 0 && isQuiescent(from.closedAt)) {', 'if (from.ripening != 0) {'],
    ],
    scenarios: ['get-overwrite-reuse'],
  },
  {
    name: 'a reader does not look again after a split',
    file: 'store/hash-index.ts',
    edits: [
      ['if ((shape & SPLITTING) == 0 && loadWord(shapeAt()) == shape) return 0;', 'return 0;'],
    ],
    scenarios: ['get-split-k', 'get-split-m'],
  },
  {
    name: 'a reader looks again only if the shape was odd',
    file: 'store/hash-index.ts',
    edits: [
      [
        'if ((shape & SPLITTING) == 0 && loadWord(shapeAt()) == shape) return 0;',
        'if ((shape & SPLITTING) == 0) return 0;',
      ],
    ],
    scenarios: ['get-split-k', 'get-split-m'],
  },
  {
    name: 'a set without the store lock',
    file: 'store/store.ts',
    edits: [
      [
        '  lock(STORE_LOCK);\n  const node = findNode(hash, selfState().keyScratch, keyBytes);',
        '  const node = findNode(hash, selfState().keyScratch, keyBytes);',
      ],
    ],
    scenarios: ['set-set-same-key', 'set-delete'],
  },
  {
    name: 'an overwritten value freed at once',
    file: 'store/eviction.ts',
    edits: [
      ['  zsDefer(LIMBO_VALUE, handle);', '  if (handle != 0) releaseEntry(handle);'],
      ['import { entryKeyBytes,', 'import { entryKeyBytes, releaseEntry,'],
    ],
    scenarios: ['get-overwrite-reuse'],
  },
  {
    name: 'every death inside the kernel poisons',
    file: 'thread/slot.ts',
    edits: [['if ((operation & HALF_DONE) != 0) poison(', 'if (operation != 0) poison(']],
    scenarios: ['reader-killed-is-given-back'],
  },
  {
    name: "a dead reader's section is left open",
    file: 'thread/slot.ts',
    edits: [
      [
        "  slotOf(slot).readLeft = 0;\n  storeCell(slotAt(slot) + offsetof<ThreadSlot>('section'), 0);\n",
        '  slotOf(slot).readLeft = 0;\n',
      ],
    ],
    scenarios: ['reader-killed-is-given-back'],
  },
  {
    name: 'who leaves the kernel wakes no stopper',
    file: 'thread/stop.ts',
    edits: [['  addWord(movesAt(), 1);\n  wakeWord(movesAt(), -1);\n', '']],
    scenarios: ['check-set'],
  },
  {
    name: "a node between its cache and the index is nobody's",
    file: 'store/store.ts',
    edits: [['NODE_BYTES, KIND_HAND)', 'NODE_BYTES, 3)']],
    scenarios: ['writer-killed'],
  },
  {
    name: 'a draft is taken before the change begins',
    file: 'store/store.ts',
    edits: [['  beginChange();\n  settleHand();\n', '  settleHand();\n']],
    scenarios: ['writer-killed'],
  },
  {
    name: 'a stopper looks at the first who is inside, and at nobody else',
    file: 'thread/stop.ts',
    edits: [['    others = AWAITED;\n', '    return AWAITED;\n']],
    scenarios: ['slab-drain-stop'],
  },
  {
    name: 'who enters looks for a stop first',
    file: 'thread/stop.ts',
    edits: [
      [
        '  say(operation);\n  if (loadWord(stopAt()) != 0) enterSlow(operation);\n',
        '  const isStopped = loadWord(stopAt()) != 0;\n  say(operation);\n  if (isStopped) enterSlow(operation);\n',
      ],
    ],
    scenarios: ['check-set'],
  },
  {
    name: 'the stop of a dead thread stays',
    file: 'thread/stop.ts',
    edits: [
      [
        '  if ((stop & HALT) == 0 && slotState(stop) != SLOT_LIVE) casWord(stopAt(), stop, 0);\n',
        '',
      ],
      ['  if (casWord(stopAt(), slot, 0) == slot) wakeWord(stopAt(), -1);\n', ''],
      [
        'if (seen == 0 || (isRecovering && slotState(seen & STOPPER) != SLOT_LIVE)) {',
        'if (seen == 0) {',
      ],
    ],
    scenarios: ['stopper-killed'],
  },
  // What the race detector is for: the schedules are the same, only the order is gone.
  {
    name: 'descriptor published by a plain store',
    file: 'memdesc/header.ts',
    edits: [
      [
        'export function publish(desc: u32): void {\n  storeWord(refsAt(desc), OWNED);',
        'export function publish(desc: u32): void {\n  store<u32>(refsAt(desc), OWNED);',
      ],
    ],
    scenarios: ['pin-free-descriptor-reused'],
  },
  {
    name: 'node published by a plain store',
    file: 'store/hash-index.ts',
    edits: [
      [
        'storeWord(nextAt(node), peekWord(at));\n  storeWord(at, node);',
        'storeWord(nextAt(node), peekWord(at));\n  store<u32>(at, node);',
      ],
    ],
    scenarios: ['get-split-k'],
  },
  {
    name: 'handle read by a plain load',
    file: 'store/hash-index.ts',
    edits: [['return loadWord(handleAt(node));', 'return load<u32>(handleAt(node));']],
    scenarios: ['get-overwrite-reuse'],
  },
  {
    name: 'section left by a plain store',
    file: 'thread/rcu.ts',
    edits: [['storeCell(sectionAt(selfSlot()), 0);', 'store<u64>(sectionAt(selfSlot()), 0);']],
    scenarios: ['get-overwrite-reuse'],
  },
  {
    name: 'lock released by a plain store',
    file: 'thread/lock.ts',
    edits: [
      ['const found = swapWord(at, 0);', 'const found = load<u32>(at);\n  store<u32>(at, 0);'],
    ],
    scenarios: ['slab-across-threads'],
  },
  {
    name: 'node freed without a grace period',
    file: 'store/eviction.ts',
    edits: [
      ['defer(LIMBO_NODE, node, linkOf(LIMBO_NODE, node));', 'freeObject(CACHE_NODE, node);'],
      ['import { defer, LIMBO_NODE, LIMBO_VALUE }', 'import { defer, LIMBO_VALUE }'],
      [
        'import { zsPlace }',
        "import { CACHE_NODE, freeObject } from '../slab/kmem-cache';\nimport { zsPlace }",
      ],
    ],
    scenarios: ['get-delete-reuse'],
  },
  {
    name: 'the last pin is found out after it was dropped',
    file: 'memdesc/header.ts',
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
    file: 'memdesc/pin.ts',
    edits: [
      [
        '    enter(desc);\n    const got = tryGet(desc);\n    if (got == GET_DONE) {',
        '    const got = tryGet(desc);\n    enter(desc);\n    if (got == GET_DONE) {',
      ],
    ],
    scenarios: ['pin-put-killed'],
  },
  {
    name: 'a pin is crossed out before it was dropped',
    file: 'memdesc/pin.ts',
    edits: [
      [
        '  const isLast = put(desc);\n  if (isLast) keepAsNote(desc);\n  else strike(desc);\n  return isLast;',
        '  strike(desc);\n  const isLast = put(desc);\n  if (isLast) enter(desc | 1);\n  return isLast;',
      ],
    ],
    scenarios: ['pin-put-killed'],
  },
  {
    name: 'who waits for a lock does not say so',
    file: 'memdesc/desc-lock.ts',
    edits: [['const wish = seen | WAITERS |', 'const wish = seen |']],
    scenarios: ['lock-unlock'],
  },
  {
    name: 'a lock that was handed over is taken without saying that others wait',
    file: 'memdesc/desc-lock.ts',
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
    file: 'release.ts',
    edits: [
      [
        'if (headerOf(desc).link == 0) breakDescLock(desc);',
        'if (headerOf(desc).link == 0) return false;',
      ],
    ],
    scenarios: ['lock-unlock-killed'],
  },
  {
    name: 'an unfreeze wakes nobody',
    file: 'memdesc/pin.ts',
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
    file: 'memdesc/user-type.ts',
    edits: [
      ['  lock(MEMDESC_STATE);\n', ''],
      ['  unlock(MEMDESC_STATE);\n', ''],
    ],
    scenarios: ['register-register', 'register-differently'],
  },
  ...folioMutants,
  ...frameMutants,
  ...migrationMutants,
  ...objectMutants,
  ...slabMutants,
];
