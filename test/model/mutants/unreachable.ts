/**
 * Generated mutants that are wrong, and show only where no scenario comes: with more threads, more
 * memory or more time than a model has. Part of excuses.ts.
 */
import type { Excuse } from './excuse.ts';

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
    because:
      'In the zone of a model a tree is one child, of which at least as much is free as of the tree: ' +
      'who has debited the one finds enough in the other.',
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
      'The last cell of the slab is taken when an object is overwritten, and no page is left.',
    mutants: ['zsOverwrite: drop leaveSection()'],
  },
];
