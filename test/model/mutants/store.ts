/**
 * Mutants of the store: each recheck, order and step of repair that a scenario must miss when it is
 * gone.
 */
import type { Mutant } from './mutant.ts';

export const storeMutants: Mutant[] = [
  {
    name: 'a leaf that is full is taken for one without a place',
    edits: [['const NO_PLACE: u32 = LEAF_CELLS + 1;', 'const NO_PLACE: u32 = LEAF_CELLS;']],
    scenarios: ['set-last-place'],
    isSmall: true,
  },
  {
    name: 'a reader that finds nothing does not look again',
    edits: [
      [
        'if (leaf != 0 && leafCount() == leaves && loadWord(at) == leaf) return 0;',
        'if (leaf != 0) return 0;',
      ],
    ],
    scenarios: ['get-split-m'],
  },
  {
    name: 'a writer does not look whether the leaf is still its own',
    edits: [['if (numberFor(hash, leafCount()) == number) {', 'if (true) {']],
    scenarios: ['set-split-same-key'],
  },
  {
    name: 'a set without the lock of the leaf',
    edits: [['  lock(leafLockAt(number));\n', '']],
    scenarios: ['set-set-same-key', 'set-delete'],
  },
  {
    name: 'a split shows the new parent before the new leaf',
    edits: [
      [
        '  setLeafCount(number + 1);\n  setLeaf(parent, low);\n',
        '  setLeaf(parent, low);\n  setLeafCount(number + 1);\n',
      ],
    ],
    scenarios: ['get-split-m'],
  },
  {
    name: 'a split divides the leaf by the wrong bit of its hashes',
    edits: [['  const bit = 31 - clz(number);\n', '  const bit = 32 - clz(number);\n']],
    scenarios: ['get-split-k'],
  },
  {
    name: 'an overwritten value freed at once',
    edits: [
      [
        '    deferEntry(journal.outgoing, zspage, payload);\n',
        '    zsRelease(journal.outgoing);\n',
      ],
      [
        "import { zsChangeWord, zsRetire, zsZspage } from '../zsmalloc/alloc';",
        "import { zsChangeWord, zsRelease, zsRetire, zsZspage } from '../zsmalloc/alloc';",
      ],
    ],
    scenarios: ['get-overwrite-reuse'],
  },
  {
    name: 'an object is used again before its grace period is over',
    edits: [['const isDone = isRingDone();', 'const isDone = true;']],
    scenarios: ['get-overwrite-renew', 'get-evict-renew'],
  },
  {
    name: 'a ring is held to be done once it was looked at',
    edits: [['if (isDone) selfJournal().ringClosedAt', 'selfJournal().ringClosedAt']],
    scenarios: ['get-overwrite-look-twice'],
  },
  {
    name: 'an object that was taken out since the ring was closed is used again',
    edits: [['end = peekWord(closedAt(slot)); i != end', 'end = peekWord(tailAt(slot)); i != end']],
    scenarios: ['get-evict-open'],
  },
  {
    name: 'a ring is closed by a grace period that began before',
    edits: [
      [
        '  const tail = loadWord(tailAt(slot));\n  if (peekWord(headAt(slot)) == closed',
        '  const at = beginGracePeriod();\n  const tail = loadWord(tailAt(slot));\n  if (peekWord(headAt(slot)) == closed',
      ],
      ['ring.ringClosedAt = beginGracePeriod();', 'ring.ringClosedAt = at;'],
    ],
    scenarios: ['get-delete-close'],
    bound: 2,
  },
  {
    name: 'an object is used again without the lock of the ring',
    edits: [
      ['openEntries() || !tryLock(ringLockAt(slot))) return 0;', 'openEntries()) return 0;'],
      [
        '    selfJournal().doomed = 0;\n  }\n  unlock(ringLockAt(slot));\n',
        '    selfJournal().doomed = 0;\n  }\n',
      ],
    ],
    scenarios: ['renew-reclaim-killed-survived'],
  },
  {
    name: 'who dies using an object again has lost it',
    edits: [
      ['    selfJournal().doomed = handle;\n    storeCell(at, 0);\n', '    storeCell(at, 0);\n'],
    ],
    scenarios: ['renew-killed-survived'],
  },
  {
    name: 'what is used again leaves the ring before it is doomed',
    edits: [
      [
        '    selfJournal().doomed = handle;\n    storeCell(at, 0);\n',
        '    storeCell(at, 0);\n    selfJournal().doomed = handle;\n',
      ],
    ],
    scenarios: ['renew-killed-survived'],
  },
  {
    name: 'what is used again stays in the ring of the dead',
    edits: [['== doomed) storeCell(recordAt(slot, at), 0);', '== doomed) break;']],
    scenarios: ['renew-killed-survived', 'overwrite-killed-survived'],
  },
  {
    name: 'a leaf that was split is freed at once',
    edits: [
      [
        '  beginDefer(LIMBO_INDEX, leaf, linkOfLeaf(leaf));\n  endDefer();\n',
        '  freeIndexPage(leaf);\n',
      ],
    ],
    scenarios: ['get-split-k', 'get-split-m'],
  },
  {
    name: 'a version is believed while a writer is at it',
    edits: [['    if (loadWord(leafLockAt(number)) != 0) {', '    if (false) {']],
    scenarios: ['increment-increment', 'update-update'],
  },
  {
    name: 'a condition is not asked again under the lock',
    edits: [['if (!isAllowed) entries = UNMET;\n  else if (old', 'if (old']],
    scenarios: ['add-add', 'increment-increment'],
  },
  {
    name: 'an overwriting does not raise the version',
    edits: [['  raiseVersion(leaf, hash);\n  replaceCell(', '  replaceCell(']],
    scenarios: ['increment-increment', 'update-update'],
  },
  {
    name: "a line's floor is read before its records",
    edits: [
      [
        '  for (let i: u32 = 0; i < RECORDS; i++) {\n    const record',
        '  const floor = loadCell(line);\n  for (let i: u32 = 0; i < RECORDS; i++) {\n    const record',
      ],
      ['  return loadCell(line) > born;', '  return floor > born;'],
    ],
    scenarios: ['get-tag-dropped'],
  },
  {
    name: 'a touch takes the place of whatever there is',
    edits: [
      [
        'let failure = beginIf(IF_VERSION, version, keyBytes, total, until);',
        'let failure = beginIf(IF_PRESENT, version, keyBytes, total, until);',
      ],
      [
        "import { IF_VERSION } from './condition';\nimport { findVersioned",
        "import { IF_PRESENT } from './condition';\nimport { findVersioned",
      ],
    ],
    scenarios: ['touch-set'],
  },
  {
    name: 'a cell read by a plain load',
    edits: [
      [
        'const handle = loadWord(cellAt(leaf, position));',
        'const handle = load<u32>(cellAt(leaf, position));',
      ],
    ],
    scenarios: ['get-overwrite-reuse'],
  },
  {
    name: 'a cell published by a plain store',
    edits: [
      [
        '  storeWord(cellAt(leaf, position), handle);\n}\n\n/** Takes an entry out',
        '  store<u32>(cellAt(leaf, position), handle);\n}\n\n/** Takes an entry out',
      ],
    ],
    scenarios: ['get-overwrite-reuse'],
  },
  {
    name: 'a survivor does not ask whether a change was made',
    edits: [['    journal.phase = isDone ? DONE : NONE;', '    journal.phase = NONE;']],
    scenarios: ['overwrite-killed-survived', 'set-new-killed-survived'],
  },
  {
    name: 'totals are not taken from the journal of the dead',
    edits: [['if (isDone) takeTotals(slot);', 'if (isDone) journal.phase = DONE;']],
    scenarios: ['set-new-killed-survived', 'delete-killed-survived'],
  },
  {
    name: 'what the dead took out is forgotten',
    edits: [['    journal.doomed = journal.outgoing;\n', '']],
    scenarios: ['overwrite-killed-survived', 'delete-killed-survived'],
  },
  {
    name: 'what waits in the ring is freed by the survivor as well',
    edits: [[' && !isDeferredIn(slot, journal.outgoing)', '']],
    scenarios: ['overwrite-killed-survived', 'delete-killed-survived'],
  },
  {
    name: 'tags of a leaf whose writer died stay as they are',
    edits: [['  if (leaf != 0) repairLeaf(leaf);\n', '']],
    scenarios: ['delete-killed-survived', 'set-new-killed-survived'],
  },
  {
    name: 'a split whose thread died is left half-way',
    edits: [['  if (isLockOf(STORE_LOCK, slot)) repairReshape();\n', '']],
    scenarios: ['split-killed-survived', 'merge-killed-survived'],
  },
  {
    name: 'a clear goes on behind what its leaf held before it was split',
    edits: [
      [
        '  const number = lockLeafOf(reverse(cursor));\n  const end = rangeEnd(cursor, leafCount());\n',
        '  const end = rangeEnd(cursor, leafCount());\n  const number = lockLeafOf(reverse(cursor));\n',
      ],
    ],
    scenarios: ['clear-split'],
  },
  {
    name: 'pages of the index that nobody names stay',
    edits: [['  if (journal.reshaping != 0) freeUnnamedPages();\n', '']],
    scenarios: ['split-killed-survived'],
  },
  {
    name: 'a page for the figures of a namespace is taken without saying so',
    edits: [
      [
        '  selfJournal().reshaping = 1;\n  storeWord(at, newIndexPage());',
        '  storeWord(at, newIndexPage());',
      ],
    ],
    scenarios: ['space-register-killed-survived'],
  },
  {
    name: "a page for the figures of a namespace is nobody's to a survivor",
    edits: [['  if (isSpacePage(address)) return true;\n', '']],
    scenarios: ['space-register-killed-survived'],
  },
  {
    name: 'names are counted before they are written',
    edits: [
      [
        '  const record = changetype<Space>(spaceAt(space));',
        '  setSpaceCount(space);\n  const record = changetype<Space>(spaceAt(space));',
      ],
    ],
    scenarios: ['space-register-killed-survived'],
  },
  {
    name: "what is in a namespace is counted as the cache's own",
    edits: [['  const at = totalsOf(journal.space, slot);', '  const at = totalsOf(0, slot);']],
    scenarios: ['space-set-killed-survived', 'space-remove-killed-survived'],
  },
  {
    name: 'an entry of a namespace that was cleared lives on',
    edits: [
      [
        '  if (spaceIn(word) != 0 && isClearedSince(spaceIn(word), bornIn(place, at))) return true;\n',
        '',
      ],
    ],
    scenarios: ['space-get-clear', 'space-clear-killed-survived'],
  },
  {
    name: 'a page that a dead thread had taken for a queue is not given back',
    edits: [['  if (hand.page != 0) {\n    if (slot', '  if (false) {\n    if (slot']],
    scenarios: ['queue-page-taken-killed-survived'],
  },
  {
    name: 'a page of a queue is written down after it is unlinked',
    edits: [
      [
        '    holdPage(queue.head);\n    queue.head = page.next;\n',
        '    const gone = queue.head;\n    queue.head = page.next;\n    holdPage(gone);\n',
      ],
    ],
    scenarios: ['queue-page-dropped-killed-survived'],
  },
  {
    name: 'a page of ghosts is written down after it is unlinked',
    edits: [
      [
        '  holdPage(peekWord(ghosts.directory + (ghosts.pages - 1) * 4));\n  ghosts.pages--;\n',
        '  ghosts.pages--;\n  holdPage(peekWord(ghosts.directory + ghosts.pages * 4));\n',
      ],
    ],
    scenarios: ['ghosts-forgotten-killed-survived'],
  },
  {
    name: 'who clears forgets no ghosts',
    edits: [['    forgetDriven();\n', '']],
    scenarios: ['ghosts-forgotten-killed-survived'],
  },
  {
    name: 'a purge leaves pages without a record',
    edits: [['    findFirst(changetype<u32>(queue));\n', '']],
    scenarios: ['purge-of-all-killed-survived'],
  },
  {
    name: 'a page that was begun anew is taken for the one that was swept',
    edits: [[' && pageOf(swept).stamp == stamp', '']],
    scenarios: ['purge-evicted'],
  },
  {
    name: 'a large scratch of a dead thread is lost',
    edits: [['  freeLargeOf(slot);\n', '']],
    scenarios: ['large-scratch-killed-survived'],
  },
  {
    name: 'a large scratch is taken from who has it',
    edits: [
      [
        '    const found = casWord(at, 0, selfSlot());\n',
        '    const found = loadWord(at);\n    storeWord(at, selfSlot());\n',
      ],
    ],
    scenarios: ['large-scratch-last'],
  },
  {
    name: 'a page whose sweeper died is not swept again',
    edits: [['  repairSweep(hand);\n', '']],
    scenarios: ['purge-killed-survived'],
  },
  {
    name: 'what was packed leaves its old place while somebody reads it there',
    edits: [['  while (!isQuiescent(thread.leftAt)) if (++look > SPINS) return false;\n', '']],
    scenarios: ['pack-get'],
  },
  {
    name: 'a mover takes an entry for unchanged',
    edits: [
      [
        '  return casCell(handle, seen, moved) == seen;',
        '  storeCell(handle, moved);\n  return true;',
      ],
      [
        'import { casCell, loadCell, peekWord } from',
        'import { casCell, loadCell, peekWord, storeCell } from',
      ],
    ],
    scenarios: ['pack-delete', 'pack-overwrite'],
  },
  {
    name: 'a generation that has come round is believed',
    edits: [[' && later >= currentEpoch() - since', '']],
    scenarios: ['read-on-come-round'],
  },
];
