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
import { unreachable } from './unreachable.ts';

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
    because:
      'Until its cell is stored the slab names the object, as what the thread took last: whoever ' +
      'takes it back there finds a cell of which nothing was made.',
    mutants: ['zsMalloc: swap storeCell(cell, contents); selfThreadState().ownCell = 0;'],
  },
  {
    because:
      'Who dies between the two has the lock of the ring, and nobody frees what is in it before a ' +
      'survivor breaks that: in the halted world, which is a grace period of all that is closed.',
    mutants: [
      'drainRing: swap ring.ringClosedAt = beginGracePeriod(); storeWord(closedAt(slot), tail);',
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
      "hasGhosts: recheck loadWord(at + offsetof<Ghosts>('lines')) != 0",
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
      'tellDeath: swap storeWord(ownerAt(count), owner); storeWord(whatAt(count), (pages << 16) | (operation << 8) | slot);',
    ],
  },
  {
    because: 'The call is over right after, and its end leaves the section as well.',
    mutants: [
      'keepTags: drop leaveSection()',
      'touch: drop leaveSection()',
      'touch: drop leaveSection() #2',
    ],
  },
];

export function excuseFor(identity: string): Excuse | undefined {
  return [...equivalents, ...unreachable].find(({ mutants }) => mutants.includes(identity));
}
