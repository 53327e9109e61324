/**
 * The kernel's races that are meant, each with the reason why it does no harm.
 *
 * *Figures for people* (exports/statistics.ts) are loaded while others count, and nothing follows
 * from them. *Page words* are what takes an argument. They are written by plain stores because
 * sixteen atomic ones cost ten times as much (kernel/memdesc/page-word.ts). `pin` loads them,
 * before it holds anything, atomically. An aligned word does not tear, so it sees one of the words
 * that were ever stored, which is a guess; then it takes a reference on the descriptor that was
 * guessed, and loads the word again:
 *   - `tryGet` fails: nothing is concluded from the word but "gone" or "busy", which were true at
 *     some time during the call
 *   - `tryGet` succeeds: it has read from the atomic store of 1 that published the descriptor's
 *     present life, or from a later change of refs. The words that belong to this life were stored
 *     before that store, those of earlier lives were overwritten before it: they all happened
 *     before the second load. Only stores of other owners of the page race with the second load,
 *     and none of those names this descriptor. So equal words mean that the page is the
 *     descriptor's
 * Nobody stores a word of a page that a referenced descriptor owns: to free it takes the last
 * reference.
 */
import type { AllowedRace } from './engine/index.ts';

const store = { op: /^store32 \(plain\)$/ };
const load = { op: /^load32$/ };
const guess = { ...load, function: /\/(pinPage|pinPatiently|pinSlow)$/m };
const scan = { ...load, function: /\/compact/ };
/** Whoever asks whose page it is: `describe`, and `poison` before it takes anything. */
const look = { ...load, function: /\/(describePage|poisonPage)$/m };
const pageWord = /^pageWord\[/;
/** What the slab stores in descriptors; its first steps are compiled into their callers. */
const slab = {
  ...store,
  function:
    /\/slab\/|\/(initFolio|dropDescriptor|freeFolio|freeUnpinned|finishSplit|newZspage|takeIndex|destroyZspage)$/m,
};
/** Whoever frees what is not his: the exchange that fails, and the look that says why. */
const misuse = {
  op: /^(load|cas)32$/,
  function: /\/(freePages|freePage|freePart|allocPages|whyNotFreeable)$/m,
};

export interface KernelRace extends AllowedRace {
  /** A scenario in which it is seen: the list holds no more than it must. */
  seenIn: string;
}

export const allowedRaces: KernelRace[] = [
  {
    place: pageWord,
    between: [{ ...store, function: /\/allocFolio$/m }, guess],
    seenIn: 'pin-free-both-reused',
    because: 'a folio that is born: its words precede the store of refs that publishes it',
  },
  {
    place: pageWord,
    between: [{ ...store, function: /\/(freeFolio|freeUnpinned|releaseDesc)$/m }, guess],
    seenIn: 'lock-free',
    because: 'a folio that is freed: refs are frozen at 0, so that no pin of it can succeed',
  },
  {
    place: pageWord,
    between: [{ ...store, function: /\/(shrinkFolio|shrinkPage)$/m }, guess],
    seenIn: 'shrink-pin-tail',
    because:
      'a folio that is shrunk is frozen with no pin but the cutter’s, so nobody looks a second time; ' +
      'who pins it later has read from an unfreeze that follows the stores',
  },
  {
    place: pageWord,
    between: [{ ...store, function: /\/compact\// }, guess],
    seenIn: 'migrate-pin-page',
    because:
      'a block that is moved: its descriptor is frozen, so nobody looks a second time, and who pins ' +
      'it later has read from the thaw that follows the stores; Isolated, and the 0 before and after ' +
      'it, name no descriptor',
  },
  {
    place: pageWord,
    between: [{ ...store, function: /\/(allocPages|allocPage)$/m }, guess],
    seenIn: 'pin-free-page-reused',
    because: 'pages without a descriptor: a pin that sees Misc, or the 0 before it, finds nothing',
  },
  {
    place: pageWord,
    between: [
      { ...store, function: /\/(allocPages|allocPage)$/m },
      { ...load, function: /\/slab\/slab\// },
    ],
    seenIn: 'name-slab-renewed',
    because:
      'who looks by a name that is not true any more: Misc, or the 0 before it, is no slab’s, and a ' +
      'word that was is looked at again',
  },
  {
    place: pageWord,
    between: [{ ...store, function: /\/(freePages|freePart)$/m }, misuse],
    seenIn: 'free-free-order-3',
    because:
      'a free of a block that somebody else is freeing: whoever lost the exchange sees Freeing, or the 0 ' +
      'that replaces it, and says that the page is not allocated',
  },
  {
    place: pageWord,
    between: [store, scan],
    seenIn: 'migrate-free',
    because:
      'who compacts guesses from words, too: to isolate a page it must get it from frames, to move ' +
      'one it must freeze its descriptor and find the word unchanged; the words that it stores ' +
      'itself, Isolated, nobody else does',
  },
  {
    place: pageWord,
    between: [
      { ...store, function: /\/(moveFrozen|giveIsolated)$/m },
      { ...load, function: /\/freeFolio$/m },
    ],
    seenIn: 'migrate-killed-split',
    because:
      'a survivor looks which pages a dead split gave the child that it bore: the others are the ' +
      'parent’s, which may be moved and left behind, and no word that is stored there names the child',
  },
  {
    place: pageWord,
    between: [store, look],
    seenIn: 'describe-free',
    because:
      'a hint: a page is poisoned by who gets it from frames; a picture that is delivered as faithful ' +
      'has seen word, flags and refs twice, and between two lives in the same place one of them differs',
  },
  {
    place: /^0x/,
    between: [store, look],
    seenIn: 'describe-free',
    because: 'the header of a descriptor that is allocated or freed meanwhile, likewise',
  },
  {
    place: /^frameBits\[/,
    between: [
      { op: /^store64 \(plain\)$/, function: /\/frames\/frames\// },
      { op: /^load64$/, function: /\/bitfield\/(findFree|areClear)/ },
    ],
    seenIn: 'last-block-order-9',
    because:
      'a child that is taken or given back whole, and a look for a free block in it: what is seen ' +
      'is a hint, and only who has debited the child, which cannot be while it is taken, acts on it',
  },
  {
    place: /^slot\d+\.FramesOwn\.stock\d$/,
    seenIn: 'last-page',
    between: [{ ...store, function: /\/frames\/|\/(allocPages|freePages|freePage)/ }, load],
    because:
      'a sum of what is in stocks: a figure, or the question whether it is worth while to halt the ' +
      'world; who then empties the stocks is ordered after their owners',
  },
  {
    // State bytes stand in descriptors and at the ends of pages; they have no names.
    place: /^0x/,
    between: [{ op: /^load8$/, function: /\/slab\// }, { op: /^store8 \(plain\)$/ }],
    seenIn: 'slab-drain',
    because:
      'who fills a sheaf looks for bytes that say IN_SLAB, which only holders of the slab lock store ' +
      'and change; others change theirs between two values that both mean "not here"',
  },
  {
    place: /^0x/,
    between: [
      { op: /^(load8 \(plain\)|cas8)$/, function: /\/(usedStateAt|dropObject)$/m },
      { op: /^(store8 \(plain\)|cas8)$/, function: /\/(slab|exports)\// },
    ],
    seenIn: 'slab-free-free',
    because:
      'two threads free one object, by mistake: what they load is a guess, and only the first ' +
      'compare-and-swap finds IN_USE',
  },
  {
    place: /^0x/,
    between: [
      slab,
      {
        op: /^(load32|cas32|wait32)$/,
        function:
          /\/(pinPage|pinPatiently|pinSlow|awaitUnfreeze|holdFolio|freeFolio|freeUnpinned|restFor|passOver|moveUnlessPinned)$/m,
      },
    ],
    seenIn: 'pin-free-descriptor-reused',
    because:
      'the refs of a descriptor that is allocated or freed: 0, UNPUBLISHED, and FROZEN of who frees or ' +
      'splits are stored plainly. A stale pin (or a freeze, or a wait for one to end) ' +
      'that sees one of them takes no reference, and its compare-and-swap expects a count: the last ' +
      'one was taken out by an atomic exchange',
  },
  {
    place: /^0x/,
    between: [store, { ...load, function: /\/slab\/statistics\// }],
    seenIn: 'figures-writers',
    because: 'objects in a sheaf, for a figure: some count that was true a moment ago',
  },
  {
    place: /^0x/,
    between: [store, { ...load, function: /\/iterate\// }],
    seenIn: 'figures-writers',
    because:
      'the refs of a zspage that is allocated or freed, for a figure: 0 and UNPUBLISHED, which are stored ' +
      'plainly, both mean that it is none',
  },
  {
    // Handle cells.
    place: /^0x/,
    between: [
      { op: /^store64 \(plain\)$/, function: /\/(slab|zsmalloc)\// },
      { op: /^(load|cas)64$/, function: /\/(zsmalloc|store|cache|reclaim)\/|\/getMore$/m },
    ],
    seenIn: 'object-free-free-killed',
    because:
      'a cell that is taken or given back, and a stale handle of it: free, taken and out for the grace ' +
      'period all mean that the object is gone, and the state is in the half that is stored with the slot',
  },
  {
    // Frequencies stand in leaves, whose words have no names.
    place: /^0x/,
    between: [
      { op: /^store8 \(plain\)$/, function: /\/(cache|store|near)\// },
      { op: /^(load8( \(plain\))?|store8 \(plain\))$/, function: /\/(cache|store|near)\// },
    ],
    seenIn: 'get-overwrite-reuse',
    because:
      'hits of two entries: a byte that stands alone, stored without a lock by who reads one. A hit that ' +
      'is lost, or counted for the entry that came in its place, changes who is evicted and nothing else',
  },
  {
    // Bits of a zspage; words of a slab page have no names.
    place: /^0x/,
    between: [
      { op: /^store64 \(plain\)$/, function: /\/(fillIndex|vacateIndex)$/m },
      { op: /^load64$/, function: /\/(zsObjectBytes|zsTally)$/m },
    ],
    seenIn: 'figures-writers',
    because: 'a figure for people, likewise',
  },
  {
    // Totals of a slot, in its journal or on the pages of a space.
    place: /^0x/,
    between: [
      { op: /^store64 \(plain\)$/, function: /\/(cache|store)\// },
      { op: /^load64$/, function: /\/(sumOf|sumSpaceCounter|spaceCounter)$/m },
    ],
    seenIn: 'figures-writers',
    because: 'a slot stores its own totals, and a sum of them is a figure, likewise',
  },
  {
    place: /^slot\d+\.ThreadSlot\./,
    between: [
      { op: /^store64 \(plain\)$/, function: /\/(cache|store|exports)\// },
      { op: /^load64$/, function: /\/(counter|sumCounter)$/m },
    ],
    seenIn: 'figures-writers',
    because: 'the counters of a slot, likewise',
  },
  {
    // A draft and what is done, in the slot; a change and what is doomed, in the journal.
    place: /^(slot\d+\.ThreadSlot\.(draftHead|done)|0x.*)$/,
    between: [store, { ...load, function: /\/cache\/room\// }],
    seenIn: 'short-while-stored',
    because:
      'who finds no memory asks whether others have any: a guess, by which it waits a millisecond and ' +
      'tries again, or does not and tries once more',
  },
];
