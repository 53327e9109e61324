/** Mutants of leases: each look, and each order of stores, that a computation's end relies on. */
import type { Mutant } from './mutant.ts';

/** What passes, and who may store. */
const passing: Mutant[] = [
  {
    name: 'a lease is granted without the lock of its bucket',
    edits: [['  lock(bucket);\n  let lease = findLease', '  let lease = findLease']],
    scenarios: ['lease-lease'],
  },
  {
    name: 'who comes to a lease that is taken gets one of its own',
    edits: [
      [
        '&& loadWord(hashAt(lease)) == hash && !isLate(lease, now)',
        '&& loadWord(hashAt(lease)) == ~hash && !isLate(lease, now)',
      ],
    ],
    scenarios: ['lease-refresh'],
  },
  {
    name: 'a lease that is late is waited for',
    edits: [['== hash && !isLate(lease, now)) return lease;', '== hash) return lease;']],
    scenarios: ['lease-late'],
  },
  {
    name: 'a lease is granted anew under the same name',
    edits: [
      [
        'moveState(lease, nextGrant(state, LEASE_COMPUTING));',
        'moveState(lease, kindOf(state) == LEASE_FREE ? nextGrant(state, LEASE_COMPUTING) : withKind(state, LEASE_COMPUTING));',
      ],
    ],
    scenarios: ['lease-late'],
  },
  {
    name: 'who waited for a lease that was late is noted still',
    edits: [['  clearWaiters(lease);\n', '']],
    scenarios: ['lease-late'],
  },
  {
    name: 'who has lost its lease ends that of another',
    edits: [
      [
        '  if (isSameGrant(loadWord(stateAt(lease)), grant)) {\n    const isWaited',
        '  if (true) {\n    const isWaited',
      ],
    ],
    scenarios: ['lease-late'],
  },
  {
    name: 'who leaves a lease that was late leaves what took its place',
    edits: [['if (isSameGrant(state, grant)) forget', 'if (true) forget']],
    scenarios: ['lease-rejoined'],
  },
  {
    name: 'what was computed is stored whatever has happened to the key',
    edits: [['return loadWord(stateAt(lease)) == grant;', 'return grant != 0;']],
    scenarios: ['lease-delete', 'lease-set'],
  },
  {
    name: 'who sets a key overtakes nobody',
    edits: [['  if (isAllowed) tellLoads(hash);\n', '']],
    scenarios: ['lease-set', 'alone-set-evicted', 'alone-lease'],
  },
  {
    name: 'who deletes a key overtakes nobody',
    edits: [['  if (wasMet) overtake(hash);', '  if (wasMet) {}']],
    scenarios: ['lease-delete', 'alone-delete'],
  },
  {
    name: 'who deletes by version overtakes nobody',
    edits: [
      [
        '  if (wasMet) overtake(hash);',
        '  if (wasMet && !isConditional()) overtake(hash);\n  if (wasMet) {}',
      ],
    ],
    scenarios: ['lease-remove-if'],
  },
  {
    name: 'who deletes by version deletes what is there',
    edits: [
      [
        '  if (condition >= IF_VERSION && versionOf(',
        '  if (condition == IF_UNCHANGED) return true;\n  if (condition >= IF_VERSION && versionOf(',
      ],
    ],
    scenarios: ['update-delete'],
  },
  {
    name: 'who clears overtakes nobody',
    edits: [['    overtakeAll();\n', '']],
    scenarios: ['lease-clear'],
  },
  {
    name: 'a result that is dead is stored',
    edits: [
      [
        'expected) && !isDraftDead();\n  if (condition == IF_QUIET',
        'expected);\n  if (condition == IF_QUIET',
      ],
    ],
    scenarios: ['lease-dead'],
  },
  {
    name: 'what is computed without a lease is not told of changes',
    edits: [['  if (loads(LOADS_ALONE) != 0) addWord(stampAt(hash), 1);\n', '']],
    scenarios: ['alone-delete', 'alone-set-evicted'],
  },
  {
    name: 'a stamp is raised by a load and a store',
    edits: [
      ['addWord(stampAt(hash), 1);', 'storeWord(stampAt(hash), loadWord(stampAt(hash)) + 1);'],
    ],
    scenarios: ['alone-neighbour'],
  },
  {
    name: 'who changes a key overtakes the leases of all keys in its bucket',
    edits: [['if (loadWord(hashAt(lease)) == hash) overtakeLease', 'if (true) overtakeLease']],
    scenarios: ['lease-delete-beside'],
  },
  {
    name: 'a lease is overtaken by a load and a store',
    edits: [
      [
        '  if (casWord(stateAt(lease), seen, withKind(seen, LEASE_OVERTAKEN)) != seen) return;\n',
        '  storeWord(stateAt(lease), withKind(seen, LEASE_OVERTAKEN));\n',
      ],
    ],
    scenarios: ['lease-end-delete'],
  },
  {
    name: 'what was computed without a lease is stored whatever another has computed',
    edits: [[' && (handle == 0 || handle == entryThen)', '']],
    scenarios: ['alone-alone'],
  },
  {
    name: 'what was computed without a lease is stored where there is something, whatever it is',
    edits: [['handle == 0 || handle == entryThen', 'handle == 0 || entryThen != 0']],
    scenarios: ['alone-refresh'],
  },
  {
    name: 'what was computed without a lease overtakes no lease',
    edits: [
      ['  if (condition == IF_QUIET) overtakeLeases(hash);', '  if (condition == IF_QUIET) {}'],
    ],
    scenarios: ['alone-lease'],
  },
  {
    name: 'who deletes a key says so after it',
    edits: [
      ['  if (wasMet) overtake(hash);', '  if (wasMet) {}'],
      [
        '  const entries = leafEntries(leaf);\n  unlockLeaf(number);\n  if (handle == 0)',
        '  if (wasMet) overtake(hash);\n  const entries = leafEntries(leaf);\n  unlockLeaf(number);\n  if (handle == 0)',
      ],
    ],
    scenarios: ['alone-delete-killed-survived'],
  },
  {
    name: 'a clear is no change for what is computed without a lease',
    edits: [['  addWord(CLEARS, 1);\n', '']],
    scenarios: ['alone-clear'],
  },
  {
    name: 'a result does not say when it was begun',
    edits: [['isBorn(zsReadWord(place, at)) ?', 'false ?']],
    scenarios: ['lease-dead'],
  },
  {
    name: 'a ring is looked for before this thread says that it waits',
    edits: [
      [
        '  storeWord(waitsAt(selfSlot()), lease + 1);\n  if (!isRing(lease))',
        '  const ring = isRing(lease);\n  storeWord(waitsAt(selfSlot()), lease + 1);\n  if (!ring)',
      ],
    ],
    scenarios: ['lease-ring'],
  },
];

/** What hangs from a lease, and whose it is. */
const hanging: Mutant[] = [
  {
    name: 'a lease says that there is a result before that hangs from it',
    edits: [
      [
        '    if (isWaited && (kind == LEASE_RESULT || kind == LEASE_FAILED)) {',
        '    if (isWaited) storeWord(stateAt(lease), withKind(grant, kind));\n    if (isWaited && (kind == LEASE_RESULT || kind == LEASE_FAILED)) {',
      ],
    ],
    scenarios: ['lease-hand-over'],
  },
  {
    name: 'a draft is forgotten before it hangs from its lease',
    edits: [
      [
        '      leaseOf(lease).result = slot.draftHead;\n      slot.draftHead = 0;\n',
        '      const draft = slot.draftHead;\n      slot.draftHead = 0;\n      leaseOf(lease).result = draft;\n',
      ],
    ],
    scenarios: ['lease-hand-over-killed-survived', 'lease-late-killed-survived'],
  },
  {
    name: 'a result hangs from a lease for which nobody waits',
    edits: [['kind != LEASE_FREE && hasWaiters(lease);', 'kind != LEASE_FREE;']],
    scenarios: ['lease-wait'],
  },
  {
    name: 'the first who leaves frees what others wait for',
    edits: [
      [
        'if (!isComputing(state) && !hasWaiters(lease)) release',
        'if (!isComputing(state)) release',
      ],
    ],
    scenarios: ['lease-two-wait'],
  },
  {
    name: 'who leaves waits for what is computed still',
    edits: [['  if (isWaiter(lease, slot)) setWaiter(lease, slot, false);\n', '']],
    scenarios: ['lease-hand-over'],
  },
  {
    name: 'a result is forgotten before it is doomed',
    edits: [
      [
        'function release(lease: u32, state: u32): void {\n  selfJournal().doomed = leaseOf(lease).result;\n  leaseOf(lease).result = 0;\n',
        'function release(lease: u32, state: u32): void {\n  const result = leaseOf(lease).result;\n  leaseOf(lease).result = 0;\n  selfJournal().doomed = result;\n',
      ],
    ],
    scenarios: ['lease-hand-over-killed-survived'],
  },
  {
    name: 'a lease is free before its result is doomed',
    edits: [
      [
        'function release(lease: u32, state: u32): void {\n',
        'function release(lease: u32, state: u32): void {\n  storeWord(stateAt(lease), nextGrant(state, LEASE_FREE));\n',
      ],
    ],
    scenarios: ['lease-hand-over-killed-survived'],
  },
  {
    name: 'what is doomed is freed by nobody',
    edits: [
      [
        '  if (isSameGrant(state, grant)) forget(lease, state, selfSlot());\n  unlock(lockOf(lease));\n  releaseDoomed(selfJournal());\n',
        '  if (isSameGrant(state, grant)) forget(lease, state, selfSlot());\n  unlock(lockOf(lease));\n',
      ],
    ],
    scenarios: ['lease-hand-over'],
  },
  {
    name: 'what was not stored stays the draft of who computed it',
    edits: [
      [
        '  finish(lease, grant, failure == 0 ? LEASE_STORED : LEASE_RESULT);\n  dropDraft(selfState());\n',
        '  finish(lease, grant, failure == 0 ? LEASE_STORED : LEASE_RESULT);\n',
      ],
    ],
    scenarios: ['lease-wait'],
  },
  {
    name: 'a result is read before there is one',
    edits: [
      [
        '  if (kind != LEASE_RESULT && kind != LEASE_FAILED) return ERR_NOT_FOUND;\n',
        '  if (kind == LEASE_FREE) return ERR_NOT_FOUND;\n',
      ],
    ],
    scenarios: ['lease-hand-over'],
  },
];

/** What a thread asks for that was cut. */
const forgotten: Mutant[] = [
  {
    name: 'a thread takes what others compute for its own',
    edits: [
      [
        'const isOwn = isComputing(state) && peekWord(ownerAt(lease)) == selfSlot();',
        'const isOwn = isComputing(state);',
      ],
    ],
    scenarios: ['lease-forgotten'],
  },
  {
    name: 'a thread does not find what it waits for',
    edits: [['    if (isWaited) return lease | LEASE_TAKEN;\n', '']],
    scenarios: ['lease-forgotten'],
  },
];

/** What a survivor does. */
const surviving: Mutant[] = [
  {
    name: 'a dead owner keeps its lease',
    edits: [
      [
        'if (isComputing(state) && peekWord(ownerAt(lease)) == slot) release(lease, state);\n    else if',
        'if',
      ],
    ],
    scenarios: ['lease-killed-survived'],
  },
  {
    name: 'the dead wait still',
    edits: [['    else if (kindOf(state) != LEASE_FREE) forget(lease, state, slot);\n', '']],
    scenarios: ['lease-hand-over-killed-survived'],
  },
  {
    name: 'what a dead thread was freeing hangs from its lease still',
    edits: [['    if (result == journalOf(slot).doomed) leaseOf(lease).result = 0;\n', '']],
    scenarios: ['lease-hand-over-killed-survived'],
  },
  {
    name: 'what a dead thread has hung is its draft still',
    edits: [['    if (result != self.draftHead) continue;\n    self.draftHead = 0;\n', '']],
    scenarios: ['lease-hand-over-killed-survived', 'lease-late-killed-survived'],
  },
  {
    name: 'the lock of a bucket stays with the dead',
    edits: [
      [
        '  for (let bucket: u32 = 0; bucket < bucketCount(); bucket++) breakLock(bucketAt(bucket), slot);\n',
        '',
      ],
    ],
    scenarios: ['lease-killed-survived'],
  },
];

export const leaseMutants: Mutant[] = [...passing, ...hanging, ...forgotten, ...surviving];
