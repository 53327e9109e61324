/**
 * Generated mutants that behave as the kernel does, because what they change meets no other thread:
 * an access that is atomic by the rule that every shared word is, and that would be no race if it
 * were plain; or an order, a look or an exchange on which nothing depends. Part of excuses.ts.
 *
 * The plain ones were looked for: in each scenario, searched and walked for half a second, none of
 * their accesses met one of another thread that nothing else orders, nor was one a race that is not
 * allowed where all of them were made plain at once.
 */
import type { Excuse } from './excuse.ts';

export const excusedAccesses: Excuse[] = [
  {
    because:
      'The world is halted: what others did comes before, and what they will do comes ' + 'after.',
    mutants: [
      'breakLock: plain loadWord(at)',
      'clearClass: plain storeCell(listedAt(record), 0)',
      'disownFor: plain loadWord(refsAt(desc))',
      'isBeingVacated: plain loadWord(at)',
      'isForsaken: plain loadWord(at)',
      'isFreedBy: plain loadWord(refsAt(desc))',
      'isLeft: plain loadCell(cell)',
      'isLeft: plain loadWord(flagsAt(desc))',
      'isLeft: plain loadWord(refsAt(desc))',
      'isLockOf: plain loadWord(at)',
      'isNamed: plain loadCell(at)',
      'isNamedBy: plain loadCell(handle)',
      'isPatternNamed: plain loadCell(at)',
      'isReserved: plain loadWord(flagsAt(owner))',
      'isSpacePage: plain loadWord(spacePageAt(space, group))',
      'isTakenOut: plain loadCell(handle)',
      'isUnused: plain loadWord(refsAt(desc))',
      'mendPlace: plain storeCell(at, renamedCell(cell, zspagePage(desc, cellChainPage(cell))))',
      'recount: plain loadWord(refsAt(desc))',
      'recount: plain storeWord(refsAt(desc), FROZEN | (slot << SLOT_SHIFT))',
      'relistZspage: plain loadWord(refsAt(desc))',
      'repairOwnLedger: plain loadWord(flagsAt(locking))',
      'repairReplaced: plain loadCell(thread.ownCell)',
      'repairReplaced: plain storeCell(thread.ownCell, thread.replaced)',
      'skipDoomed: plain storeCell(recordAt(slot, at), 0)',
      'sweepBits: plain loadCell(at)',
      'zsIsLive: plain loadCell(handle)',
    ],
  },
  {
    because: 'Who formats tells others afterwards, by means of JavaScript that synchronise.',
    mutants: [
      "formatIndex: plain storeWord(STORE_STATE + offsetof<StoreState>('top'), top)",
      'formatIndex: plain storeWord(directory, leaf)',
      'formatIndex: plain storeWord(top, directory)',
      "formatIndex: swap store.leaves = 1; storeWord(STORE_STATE + offsetof<StoreState>('top'), top);",
      'formatIndex: swap storeWord(directory, leaf); store.leaves = 1;',
      'formatIndex: swap storeWord(top, directory); storeWord(directory, leaf);',
      'formatSlots: plain storeCell(inKernelAt(0), UNWOUND)',
      'storeEntry: plain storeWord(entryAt(child), (frameClass << CLASS_SHIFT) | free)',
      'storeTree: plain storeWord(treeAt(tree), (frameClass << CLASS_SHIFT) | (slot << SLOT_SHIFT) | free)',
    ],
  },
  {
    because: 'It comes before the store that publishes what it is in: nobody finds it earlier.',
    mutants: [
      'addPool: swap zsState().newest = number; storeWord(poolWordAt(number), pool);',
      'createCache: plain storeWord(objectBytesAt(cache), objectBytes)',
      'createCache: swap record.sheafObjects = u16(min(fitting, SHEAF_ENTRIES)); storeWord(objectBytesAt(cache), objectBytes);',
      'grant: swap leaseOf(lease).result = 0; storeWord(hashAt(lease), hash);',
      'grant: swap storeWord(hashAt(lease), hash); storeWord(ownerAt(lease), selfSlot());',
      'grant: swap storeWord(ownerAt(lease), selfSlot()); leaseOf(lease).deadline = deadline;',
      'initSlab: plain storeWord(cacheWordAt(desc), cache)',
      'initZspage: plain storeWord(zspageLockAt(desc), 0)',
    ],
  },
  {
    because: 'Nobody is attached: who comes enters by the words that are stored after these.',
    mutants: [
      'recycleZone: plain loadWord(lentAt())',
      'wipe: plain storeWord(faultAt(), 0)',
      'wipe: swap storeWord(faultAt(), 0); zone.faultSlot = 0;',
      "wipeSlots: plain storeWord(state + offsetof<ThreadsState>('lock'), 0)",
      "wipeSlots: plain storeWord(state + offsetof<ThreadsState>('stop'), 0)",
      "wipeSlots: swap storeWord(state + offsetof<ThreadsState>('lock'), 0); storeWord(state + offsetof<ThreadsState>('stop'), 0);",
      "wipeSlots: swap storeWord(state + offsetof<ThreadsState>('stop'), 0); storeCell(state + offsetof<ThreadsState>('supervisor'), 0);",
    ],
  },
  {
    because:
      'Who asks for a number has it from a zspage of that pool, or holds the lock under ' +
      'which pools come and go.',
    mutants: [
      'addPool: plain storeWord(poolWordAt(number), pool)',
      'poolNumbered: plain loadWord(poolWordAt(number))',
    ],
  },
  {
    because: 'The look only spares a store of what is there already.',
    mutants: [
      'clearTaken: recheck loadCell(object) != 0',
      'clearTaken: recheck loadWord(refsAt(object)) != 0',
      'lend: recheck loadWord(lentAt()) == 0',
      'noteExpiring: recheck loadWord(at) == 0',
    ],
  },
  {
    because:
      'The object is this thread’s alone, to make or to free: others only look at its cell, ' +
      'and change nothing.',
    mutants: [
      'clearTaken: plain loadCell(object)',
      'clearTaken: plain loadWord(refsAt(object))',
      'deferObjects: plain loadCell(handle)',
      'finishSplit: plain loadWord(refsAt(child))',
      'releaseOwn: plain loadCell(handle)',
      'releaseSame: plain loadCell(upper)',
      'settleCell: plain loadCell(handle)',
      'vacate: plain loadCell(handle)',
      'zsBeginDefer: plain loadCell(handle)',
      'zsLinkAt: plain loadCell(handle)',
      'zsRenew: plain loadCell(handle)',
    ],
  },
  {
    because:
      'The word is stored by the same lock’s holders alone; those who load it without the ' +
      'lock are content with what was true.',
    mutants: [
      'beginLease: plain loadWord(ownerAt(lease))',
      'findLease: plain loadWord(hashAt(lease))',
    ],
  },
  {
    because: 'A frozen descriptor keeps its page, and so does a zspage whose lock is held.',
    mutants: ['moveFrozen: plain loadWord(place)'],
  },
  {
    because: 'Only who took a living thread for dead could move the identity at the same time.',
    mutants: [
      'abandonSlot: plain loadCell(slotAt(selfSlot()))',
      'abandonSlot: torn casCell(slotAt(selfSlot()), seen, u64(u32(seen) & ~3))',
    ],
  },
  {
    because: 'The hand is a hint: at worst a round is gone twice, or a leaf is left to the queues.',
    mutants: [
      'nextLeaf: swap storeCell(CLOCK, clock); storeWord(HAND, 1);',
      'nextLeaf: torn casWord(HAND, hand, 0)',
      'nextLeaf: torn casWord(HAND, hand, hand + 1)',
    ],
  },
  {
    because: 'A wake too many: who is woken looks again and waits on.',
    mutants: [
      'endTurn: recheck casWord(TURN_STATE, seen, 0) == seen',
      'overtakeLease: recheck casWord(stateAt(lease), seen, withKind(seen, LEASE_OVERTAKEN)) != seen',
    ],
  },
  {
    because: 'There is one supervisor: nobody else answers.',
    mutants: ['answer: torn addWord(answersAt(), 1)'],
  },
  {
    because: 'Whether it is this thread’s own number depends on its own stores alone.',
    mutants: ['hasStopped: plain loadWord(stopAt())'],
  },
  {
    because:
      'Word, first page and refs tell one life from the next; the flags are then some that ' +
      'were true during the look.',
    mutants: ['isStill: recheck loadWord(flagsAt(desc)) == flags\n  '],
  },
  {
    because:
      'Frozen with no pin but the cutter’s: whoever waited for its lock, and said so, would have one.',
    mutants: [
      'setOrder: torn casWord(flagsAt(desc), seen, (seen & ~ORDER_MASK) | (order << ORDER_SHIFT))',
      'setOrder: recheck found == seen',
      'setOrder: plain loadWord(flagsAt(desc))',
    ],
  },
  {
    because: 'How many share what is spare: a bound that matters for speed alone.',
    mutants: ['liveThreadCount: recheck slotState(slot) == SLOT_LIVE'],
  },
  {
    because: 'Only the compactor reads the count, after both.',
    mutants: ['withdrawIsolated: swap storePageWord(state.first, TYPE_POISONED); state.made++;'],
  },
  {
    because: 'Under the lock of the slab, whose lists and counts are made anew if its owner dies.',
    mutants: [
      'retire: swap cacheOf(cache).slabs--; storeWord(cacheWordAt(desc), cache | RETIRED);',
    ],
  },
  {
    because: 'What is announced is stored again by who recovers, all of it, in whatever order.',
    mutants: [
      'takeTotals: swap pokeCell(at + ENTRIES, journal.nextEntries); pokeCell(at + VALUE_BYTES, journal.nextValueBytes);',
      'takeTotals: swap pokeCell(at + VALUE_BYTES, journal.nextValueBytes); pokeCell(at + KEY_BYTES, journal.nextKeyBytes);',
      'takeTotals: swap pokeCell(at + KEY_BYTES, journal.nextKeyBytes); pokeCell(at + STORED_BYTES, journal.nextStoredBytes);',
    ],
  },
  {
    because: 'A child that is taken whole is its owner’s: others only look at its bits.',
    mutants: ['clearChild: plain loadCell(at)'],
  },
  {
    because: 'Of a dead slot, whose word moves under the lock alone that who asks has.',
    mutants: ['ownerOf: plain loadCell(slotAt(slot))'],
  },
  {
    because:
      'A stale handle finds another life in the cell, now or then; who has this one’s was told ' +
      'it by what synchronises, and who moves its page has the lock under which it is stored.',
    mutants: [
      'zsMalloc: plain storeCell(cell, contents)',
      'commit: plain storeCell(retiredCell, gone)',
      'zsAllocIn: plain storeCell(handle, newLife(contents, CELL_UNPUBLISHED))',
      'zsRenew: plain storeCell(handle, newLife(renewed, CELL_UNPUBLISHED))',
      'zsBeginDefer: plain storeCell(handle, byIndex(gone, desc, indexIn(desc, gone)))',
    ],
  },
  {
    because: 'A sum at which others look to see whether packing is worth while.',
    mutants: ['countMove: plain storeCell(listedAt(record), recordOf(record).listed + change)'],
  },
  {
    because:
      'A stale pin that sees the word, or the one before, takes no reference by either, as by the ' +
      'other words of a descriptor that is freed (races.ts).',
    mutants: ['takeForFree: plain storeWord(refsAt(desc), FROZEN | (slot << SLOT_SHIFT))'],
  },
  {
    because:
      'What it says instead was true during the call: between the owner that was seen and another ' +
      'one the page was nobody’s, and what was frozen was being changed.',
    mutants: ['pinSlow: recheck pageWord(pfn) == word #2'],
  },
  {
    because: 'The world is halted: who waits for the lock rests on its word, and moves it later.',
    mutants: ['breakLock: torn swapWord(at, 0)'],
  },
  {
    because:
      'Meanwhile others only say that they wait: the wake that follows ends their rest, or they do ' +
      'not begin it, for the word is not what they have stored.',
    mutants: [
      'breakDescLock: torn orWord(flagsAt(desc), ORPHANED)',
      'breakDescLock: torn andWord(flagsAt(desc), ~(LOCKED | OWNER_MASK | WAITERS))',
    ],
  },
  {
    because: 'Who waits looks again after each slice: it is woken later, not never.',
    mutants: [
      'breakLock: drop wakeWord(at, -1)',
      'breakDescLock: drop wakeWord(flagsAt(desc), -1)',
      'giveUpCall: drop wakeWord(changesAt, -1)',
      'halt: drop wakeWord(stopAt(), -1)',
    ],
  },
  {
    because:
      'The section goes on until the next leaf’s lock renews it, or what waits for memory leaves ' +
      'it: only those who wait for a grace period wait longer.',
    mutants: ['evictFrom: drop leaveSection()', 'sweepLeaf: drop leaveSection()'],
  },
  {
    because: 'It is in a section already: only those who wait for a grace period wait longer.',
    mutants: ['migrateBlock: drop renewSection()', 'pinPatiently: drop renewSection()'],
  },
  {
    because:
      'Under a lock whose holder’s death makes anew what is counted there, from what there is.',
    mutants: [
      'insertCell: swap pokeWord(noteAt(leaf, LEAF_ENTRIES), leafEntries(leaf) + 1); storeWord(cellAt(leaf, position), handle);',
      'strikeOut: swap pokeWord(hashesAt(page, index), 0); queue.records--;',
    ],
  },
  {
    because:
      'Where nothing is closed the ring is one’s own, or of who is gone: who frees what is closed in ' +
      'another’s does not move this word.',
    mutants: ['skipFirst: plain storeWord(closedAt(slot), head + 1)'],
  },
  {
    because: 'In the halted world, of which an image is written afterwards, or none.',
    mutants: [
      "noteWall: swap pokeCell(stateAt(offsetof<ClockState>('wall')), reinterpret<u64>(wall)); pokeCell(stateAt(offsetof<ClockState>('wallAt')), max(time, latestTime()));",
    ],
  },
  {
    because:
      'Who recovers keeps of a batch what the dead had taken out, each once, and adds what it was ' +
      'freeing: count and handle may come in either order.',
    mutants: [
      'pushFreed: swap pokeWord(handleAt(thread, thread.next, count), handle); pokeWord(countAt(thread, thread.next), count + 1);',
    ],
  },
];
