/**
 * Generated mutants that no scenario catches, and why.
 *
 * *Equivalent* ones behave like the kernel, or differ only in what nothing follows from; where the
 * reason is a coarse lock, a finer one would need the line. *Unreachable* ones are wrong, but show
 * only where no scenario comes. Both are left out of the hunt; `--listed` hunts them, to see that
 * no scenario has come to catch one. A mutant is named by its identity, which a test compares.
 */
import type { Excuse } from './excuse.ts';
import { excusedAccesses } from './excused-accesses.ts';

export const equivalents: Excuse[] = [
  ...excusedAccesses,
  {
    because: 'Who came too late says busy, which may be asked again, instead of saying why.',
    mutants: ['withdraw: recheck pageWord(pfn) == TYPE_FREE'],
  },
  {
    because:
      'Word, first page and flags tell one life from the next; the count is then one that was true ' +
      'during the look, instead of one that was true at its beginning and at its end.',
    mutants: ['isStill: recheck loadWord(refsAt(desc)) == refs'],
  },
  {
    because:
      'Entries of the page list that a reader loads were stored before the cell that led it there, ' +
      'and change only after its grace period; other entries are read under the lock alone.',
    mutants: [
      'holdPage: plain storeWord(pageEntryAt(desc, k), pfn)',
      'dropPage: plain storeWord(pageEntryAt(desc, k), 0)',
    ],
  },
  {
    because: 'A wake when nothing was stopped: who is woken looks again and waits on.',
    mutants: ['endStopOf: recheck casWord(stopAt(), slot, 0) == slot'],
  },
  {
    because: 'Only JavaScript waits for the tag clock, and looks four times a second as well.',
    mutants: [
      'clearSpace: drop wakeWord(tagClockAt(), -1)',
      'deleteTag: drop wakeWord(tagClockAt(), -1)',
    ],
  },
  {
    because: 'Who waits for a dead stopper looks after each slice: it is woken later, not never.',
    mutants: ['endStopOf: drop wakeWord(stopAt(), -1)'],
  },
  {
    because:
      'Both stores come before the one that publishes the descriptor, and nobody finds it earlier.',
    mutants: ['initSlab: swap storePageWord(pfn, desc | TYPE_SLAB); publish(desc);'],
  },
  {
    because:
      "The scratch is the thread's own: nobody else sees the order of what is written there.",
    mutants: [
      'encodeBlock: swap pokeWord(outputScratch(), u32(stored) | flag); pokeWord(outputScratch() + 4, checksum(body, stored));',
      'sealRecord: swap pokeWord(record + RECORD_VALUE_BYTES_AT, storedValueBytes()); pokeWord(record + RECORD_SIZES_AT, sizes);',
      'sealRecord: swap pokeCell(record + EXPIRY, until | ((readExpiry() >> TIME_BITS) << WALL_BITS)); pokeWord(key + ((length & ~3) as usize), 0);',
      'sealExtension: swap pokeCell(ext, toWall(readFresh(), offset)); pokeCell(ext + EXT_TTL, readLongTtl());',
      'sealExtension: swap pokeCell(ext + EXT_TTL, readLongTtl()); pokeWord(ext + EXT_TAGS, readTags());',
      'copyBlock: swap pokeWord(outputScratch(), word); pokeWord(outputScratch() + 4, sum);',
    ],
  },
  {
    because:
      'Only the thread itself writes the word, so a plain load of its own finds its own store.',
    mutants: [
      'sleepAtSafepoint: plain loadWord(at)',
      'count: plain loadCell(at)',
      'countInSpace: plain loadCell(at)',
      'retireCounters: plain loadCell(at)',
    ],
  },
  {
    because:
      'The exchange failed because the word has changed; then parking on it returns at once.',
    mutants: [
      'lockSlow: recheck casWord(at, seen, seen | WAITERS) == seen',
      'announce: recheck casWord(at, seen, wish) == seen',
    ],
  },
  {
    because: 'Who formats tells others afterwards, by means of JavaScript that synchronise.',
    mutants: [
      'formatRcu: plain storeCell(RCU_STATE, 1)',
      'formatZone: plain loadWord(0)',
      'formatZone: plain storeWord(0, ZONE_MAGIC)',
    ],
  },
  {
    because: 'An image is thawed before anybody is attached to its memory.',
    mutants: [
      'forgetSupervisor: plain storeCell(supervisorAt(), 0)',
      'markSlotDead: plain loadCell(slotAt(slot))',
      'markSlotDead: plain storeCell(slotAt(slot), (seen & ~u64(3)) | u64(SLOT_DEAD))',
    ],
  },
  {
    because: 'Another test of the same follows; the first one only spares its cost.',
    mutants: [
      'failIfNobodys: recheck loadWord(at) != seen',
      'spinFor: recheck loadWord(at) == 0',
      'finishWaiting: recheck isQuiescent(state.closedAt)',
    ],
  },
  {
    because:
      'A slot is taken only after the word was raised to it, so who fails has lost to one that raised it at least as far.',
    mutants: ['raiseHighest: recheck found == seen'],
  },
  {
    because: 'The sleeps are over in a second at most, and the next call traps.',
    mutants: ['sleepAtSafepoint: drop trapIfPoisoned()'],
  },
  {
    because: 'Nobody decides anything from both words.',
    mutants: [
      'holdPage: swap storePageWord(pfn, desc | TYPE_ZSPAGE); storeWord(pageEntryAt(desc, k), pfn);',
      'dropPage: swap storeWord(pageEntryAt(desc, k), 0); storePageWord(pfn, TYPE_FREE);',
    ],
  },
  {
    because: 'Only who took a living thread for dead could move the identity at the same time.',
    mutants: [
      'releaseSlot: plain loadCell(slotAt(slot))',
      'releaseSlot: torn casCell(slotAt(slot), seen, u64(u32(seen) & ~3))',
    ],
  },
  {
    because:
      'Who recovers halts the world first, in the place of a dead stopper: no stop is left to end when ' +
      'debts are paid.',
    mutants: ['returnOwned: drop endStopOf(slot)', 'endStopOf: torn casWord(stopAt(), slot, 0)'],
  },
  {
    because:
      'In the halted world, of a descriptor that the dead has frozen: what others did to it comes ' +
      'before.',
    mutants: [
      'repairMove: plain loadWord(state.movePlace)',
      'repairMove: plain loadWord(refsAt(desc))',
    ],
  },
  {
    because: 'The clock is set before other threads come, and they are told by JavaScript.',
    mutants: [
      "openClock: plain storeCell(stateAt(offsetof<ClockState>('origin')), reinterpret<u64>(origin))",
      "openClock: plain storeWord(stateAt(offsetof<ClockState>('isOwn')), isOwn ? 1 : 0)",
      "openClock: swap storeCell(stateAt(offsetof<ClockState>('origin')), reinterpret<u64>(origin)); storeWord(stateAt(offsetof<ClockState>('isOwn')), isOwn ? 1 : 0);",
      "clockOrigin: plain loadCell(stateAt(offsetof<ClockState>('origin')))",
      "isOwnClock: plain loadWord(stateAt(offsetof<ClockState>('isOwn')))",
      "adoptClock: plain storeCell(stateAt(offsetof<ClockState>('latest')), time)",
      "adoptClock: plain storeCell(stateAt(offsetof<ClockState>('slept')), 0)",
      "adoptClock: swap storeCell(stateAt(offsetof<ClockState>('latest')), time); storeCell(stateAt(offsetof<ClockState>('slept')), 0);",
    ],
  },
  {
    because: 'The word is written under the same lock alone; only those who have it not need more.',
    mutants: [
      'takePage: plain loadWord(at)',
      'takePage: plain loadWord(at) #2',
      'registerLocked: plain loadWord(recordAt(type))',
    ],
  },
  {
    because:
      'A pattern is stored before the exchange that publishes its cell, and changes only after the ' +
      'grace of those who found it there.',
    mutants: [
      'writePattern: plain storeCell(upper, (pattern & ~u64(7)) | u64(CELL_PATTERN))',
      'patternOf: plain loadCell(upper)',
    ],
  },
  {
    because:
      'Both stores come before the one that publishes what they are in; if the thread dies earlier, ' +
      'it is thrown away.',
    mutants: [
      'storeAt: swap pokeWord(at, u32(value)); pokeWord(at + 4, u32(value >> 32));',
      'copyTo: swap pokeWord(cellAt(into, place), peekWord(cellAt(from, position))); pokeWord(noteAt(into, LEAF_ENTRIES), leafEntries(into) + 1);',
      'splitInto: swap pokeWord(noteAt(low, LEAF_NUMBER), parent); pokeWord(noteAt(high, LEAF_NUMBER), number);',
      'tellDeath: swap storeWord(wordAt(count, false), owner); storeWord(wordAt(count, true), (pages << 16) | (operation << 8) | slot);',
    ],
  },
  {
    because: 'The call is over right after, and its end leaves the section as well.',
    mutants: [
      'clearNext: drop leaveSection() #2',
      'keepTags: drop leaveSection()',
      'touch: drop leaveSection()',
      'touch: drop leaveSection() #2',
    ],
  },
];

export const unreachable: Excuse[] = [
  {
    because:
      'The pages of the slots in use are stored before the count of namespaces by which they are ' +
      'found; another one comes with the 32nd slot, and a model has fewer.',
    mutants: [
      'spaceFigures: plain loadWord(spacePageAt(space, groupOf(slot)))',
      'sumOf: plain loadWord(spacePageAt(one, groupOf(slot)))',
      'sumSpaceCounter: plain loadWord(spacePageAt(space, groupOf(slot)))',
      'takePage: plain storeWord(at, newIndexPage())',
    ],
  },
  {
    because:
      'Who looks so has waited a slice in vain, and the owner of the lock frees it and leaves ' +
      'between two looks: in a model time passes only when nobody can go on.',
    mutants: [
      'failIfNobodys: recheck loadWord(at) == seen',
      'failIfNobodys: plain loadWord(at) #2',
    ],
  },
  {
    because:
      'The count of those who wait, or of changes, comes out wrong for one who looks between two ' +
      'others: three threads, four switches, after a hundred looks; and it costs a slice.',
    mutants: [
      'awaitUnfreeze: torn addWord(waitersAt, 1)',
      'awaitUnfreeze: torn addWord(waitersAt, u32(-1))',
      'giveUpCall: torn addWord(changesAt, 1)',
      'wakeStopper: torn addWord(changesAt(), 1)',
    ],
  },
  {
    because:
      'A zone is recycled between two steps of a claim, and open again before the third: three ' +
      'switches, two of them in the midst of the recycling.',
    mutants: [
      'backOff: torn casCell(slotAt(slot), claimed, u64(u32(claimed) & ~3))',
      'claimSlot: recheck loadCell(slotAt(slot)) != claimed',
      'claimSlot: plain loadCell(slotAt(slot)) #2',
      'wipeSlots: plain loadCell(at)',
    ],
  },
  {
    because: 'It finds what is damaged, and no scenario damages memory.',
    mutants: ['clearChild: recheck loadCell(at) != ALL'],
  },
  {
    because: 'Of the layout of two words a page, which is searched by itself (two-word.test.ts).',
    mutants: [
      'pageWord: plain loadWord(allocateeAt(pfn))',
      'pageWord: plain loadWord(pageWordAt(pfn))',
      'storePageWord: plain storeWord(allocateeAt(pfn), 0)',
      'storePageWord: plain storeWord(allocateeAt(pfn), word)',
      'storePageWord: plain storeWord(pageWordAt(pfn), (order << 5) | TYPE_ALLOCATED)',
      'storePageWord: plain storeWord(pageWordAt(pfn), word)',
      'storePageWord: swap storeWord(allocateeAt(pfn), 0); storeWord(pageWordAt(pfn), word);',
      'storePageWord: swap storeWord(pageWordAt(pfn), (order << 5) | TYPE_ALLOCATED); storeWord(allocateeAt(pfn), word);',
    ],
  },
  {
    because: 'Only JavaScript waits for the word, and no scenario waits as that does.',
    mutants: [
      'ask: drop wakeWord(asksWord(), -1)',
      'ask: torn addWord(asksWord(), 1)',
      'endTurn: drop wakeWord(TURN_STATE, -1)',
      'moveState: drop wakeWord(stateAt(lease), -1)',
      'overtakeLease: drop wakeWord(stateAt(lease), -1)',
    ],
  },
  {
    because:
      'There is one page of the directory until the index has hundreds of leaves: more than ' +
      'the zone has pages.',
    mutants: [
      'ensureDirectory: plain storeWord(at, newIndexPage())',
      'leafWordAt: plain loadWord(pageOf(number))',
    ],
  },
  {
    because: 'Formatted memory, another version and images are for unit tests: no thread is there.',
    mutants: [
      'formatZone: recheck loadWord(0) != 0',
      'attachThread: recheck loadWord(0) != ZONE_MAGIC',
      'adoptImage: drop endStopOf(slot)',
    ],
  },
  {
    because:
      'A slice where parking is forbidden is longer than an execution of the checker may be.',
    mutants: ['lookSlice: recheck loadWord(at) == seen', 'lookSlice: plain loadWord(at)'],
  },
  {
    because:
      'A wait for a lock is a hundred looks long, and what goes wrong after it takes two or three more preemptions.',
    mutants: [
      'lockSlow: torn casWord(at, 0, selfSlot() | WAITERS)',
      'lockSlow: drop enterSection()',
    ],
  },
  {
    because:
      'The bound of scans is too low for a moment if three threads attach while a fourth scans.',
    mutants: ['raiseHighest: torn casWord(at, seen, slot)'],
  },
  {
    because: 'The index grows, and shrinks again, between two loads of one look.',
    mutants: ['lookUp: recheck loadWord(at) == leaf'],
  },
  {
    because: 'A slab goes and its descriptor begins another life, between two loads.',
    mutants: ['slabAround: recheck pageWord(pfnOfAddress(address)) == word'],
  },
  {
    because:
      'The tree was debited for a child whose last pages another takes just then, and a third moves ' +
      'the tree’s word between the two halves of the exchange.',
    mutants: ['debit: torn addWord(treeAt(tree), pages)'],
  },
  {
    because:
      'A waiter says that it waits between two loads of the same flags, the first of which is atomic, ' +
      'after the halt in which its lock’s owner was repaired.',
    mutants: ['settle: plain loadWord(flagsAt(desc))'],
  },
  {
    because:
      'An object that goes on in another page is moved between the load of its cell and that of its ' +
      'page’s word.',
    mutants: ['searchPlace: plain loadCell(handle)'],
  },
  {
    because:
      'No scenario reads an image, or touches what has tags or many blocks: the library’s tests do, on ' +
      'the build that asserts contexts.',
    mutants: [
      'adoptRecord: drop leaveSection()',
      'keepTags: drop enterSection()',
      'touch: drop enterSection() #2',
      'touch: drop leaveSection() #4',
    ],
  },
  {
    because:
      'Who drains another’s ring dies between the two stores, while a reader is in what the ring’s ' +
      'owner frees then: three threads, three switches and a death.',
    mutants: [
      'drainRing: swap ring.ringClosedAt = beginGracePeriod(); storeWord(closedAt(slot), tail);',
    ],
  },
  {
    because:
      'It matters where objects of one pattern were freed after the one that is dropped, and the ' +
      'thread dies there.',
    mutants: [
      'dropFreed: swap thread.ownCell = freedHandle(thread, index); pokeWord(handleAt(thread, thread.next, index), freedHandle(thread, last));',
      'dropFreed: swap pokeWord(handleAt(thread, thread.next, index), freedHandle(thread, last)); pokeWord(countAt(thread, thread.next), last);',
    ],
  },
  {
    because:
      'A living thread that has vacated a zspage of a dead one rests with its lock in hand, waiting ' +
      'for that of the class.',
    mutants: ['isBeingVacated: recheck loadWord(at) != 0'],
  },
  {
    because:
      'In a model time passes only when nobody can go on: nobody answers between two loads of who ' +
      'has waited ten seconds, or in its second wait; and how long who was answered waits on ' +
      'shows in nothing.',
    mutants: [
      'failIfForsaken: recheck loadWord(answersAt()) != heard',
      'failIfForsaken: recheck loadWord(answersAt()) == heard',
      'failIfForsaken: plain loadWord(answersAt()) #2',
      'failIfForsaken: plain loadWord(answersAt()) #3',
    ],
  },
  {
    because:
      'Only who clears comes from outside a section, and merges leaves in one of which another has ' +
      'set something just then.',
    mutants: ['mergeInto: drop renewSection()'],
  },
  {
    because: 'A draft is moved between the look for its zspage and the lock of that.',
    mutants: ['lockAround: drop unlock(zspageLockAt(desc))'],
  },
  {
    because:
      'The last cell of the slab is taken when an object is overwritten, and no page is left.',
    mutants: ['zsOverwrite: drop leaveSection()'],
  },
];

export function excuseFor(identity: string): Excuse | undefined {
  return [...equivalents, ...unreachable].find(({ mutants }) => mutants.includes(identity));
}
