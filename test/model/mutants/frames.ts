/** Written mutants of the page allocator: each breaks one rule of its order. */
import type { Mutant } from './table.ts';

export const frameMutants: Mutant[] = [
  {
    name: 'pages taken without a debit of the child',
    file: 'frames/child.ts',
    edits: [
      [
        'const found = casWord(entryAt(child), seen, (next << CLASS_SHIFT) | (free - pages));',
        'const found = free == 512 ? casWord(entryAt(child), seen, (next << CLASS_SHIFT) | (free - pages)) : seen;',
      ],
    ],
    scenarios: ['last-block-order-6', 'alloc-free'],
  },
  {
    name: 'a child debited by a load and a store',
    file: 'frames/child.ts',
    edits: [
      [
        'const found = casWord(entryAt(child), seen, (next << CLASS_SHIFT) | (free - pages));',
        'const found = seen;\n    storeWord(entryAt(child), (next << CLASS_SHIFT) | (free - pages));',
      ],
    ],
    scenarios: ['cells-against-cell', 'steal-against-owner'],
  },
  {
    name: 'credit before the bits are clear',
    file: 'frames/frames.ts',
    edits: [
      [
        '  clearChild(child);\n  credit(child, CHILD_PAGES);',
        '  credit(child, CHILD_PAGES);\n  clearChild(child);',
      ],
    ],
    scenarios: ['huge-freed-killed', 'huge-freed-against-page'],
  },
  {
    name: 'cells of a lost block kept',
    file: 'frames/bitfield.ts',
    edits: [['    while (i-- > 0) storeCell(cellAt(child, first + i), 0);\n', '']],
    scenarios: ['cells-against-cell'],
  },
  {
    name: 'a failed claim is not refunded',
    file: 'frames/frames.ts',
    edits: [
      [
        '    credit(child, 1 << order);\n  }\n}\n\nfunction takeChild',
        '  }\n}\n\nfunction takeChild',
      ],
    ],
    scenarios: ['claim-lost'],
  },
  {
    name: 'stocks of others are emptied while they work',
    file: 'frames/recover.ts',
    edits: [['    haltWorld();\n    drainStocks();\n    resumeWorld();', '    drainStocks();']],
    scenarios: ['drain-against-stock'],
  },
  {
    name: 'memory is refused while others have it in stock',
    file: 'frames/frames.ts',
    edits: [['    drainAll();\n    pfn = takeFromTrees(order, kind);\n', '']],
    scenarios: ['drain-against-stock', 'stock-found'],
  },
  {
    name: 'a drain clears bits before it lowers the count',
    file: 'frames/stock.ts',
    edits: [
      ['  pokeWord(wordAt(slot, stock), peekWord(wordAt(slot, stock)) - going);\n', ''],
      [
        '  // Less means that a block was in stock twice.',
        '  pokeWord(wordAt(slot, stock), peekWord(wordAt(slot, stock)) - going);\n  // Less means that a block was in stock twice.',
      ],
    ],
    scenarios: ['drain-killed', 'drainer-killed'],
  },
  {
    name: 'what is in stock is taken for lost',
    file: 'frames/recover.ts',
    edits: [['  drainStocks();\n  leaveTrees(slot);', '  leaveTrees(slot);']],
    scenarios: ['drain-killed', 'refill-killed'],
  },
  {
    name: 'a dead thread’s tree stays reserved',
    file: 'frames/recover.ts',
    edits: [['  drainStocks();\n  leaveTrees(slot);', '  drainStocks();']],
    scenarios: ['refill-killed', 'attach-killed'],
  },
  {
    name: 'counters are not counted again',
    file: 'memdesc/recover.ts',
    edits: [['  recount();\n', '']],
    scenarios: ['order-6-killed', 'huge-killed'],
  },
  {
    name: 'bits without a word are kept',
    file: 'memdesc/recover.ts',
    edits: [['    forgetPage(pfn);\n', '']],
    scenarios: ['order-6-killed', 'refill-killed'],
  },
  {
    name: 'an incomplete birth is kept',
    file: 'memdesc/recover.ts',
    edits: [[' || (wordType(word) == TYPE_MISC && !isFirst(pfn, word))) {', ') {']],
    scenarios: ['order-3-killed', 'alloc-free-killed'],
  },
  {
    name: 'a free that was under way is kept',
    file: 'memdesc/recover.ts',
    edits: [
      [
        'if (wordType(word) == TYPE_STOCKED) finishFree(pfn, word);',
        'if (false) finishFree(pfn, word);',
      ],
    ],
    scenarios: ['order-3-killed', 'alloc-free-killed'],
  },
  {
    name: 'a free of a part becomes one of the whole',
    file: 'memdesc/recover.ts',
    edits: [['if (isPart && intent.intentPfn != 0) {', 'if (false) {']],
    scenarios: ['part-killed'],
  },
  {
    name: 'the intent is written too late',
    file: 'memdesc/pages.ts',
    edits: [
      ['  setIntent(pfn, order, subtype);\n', ''],
      ['  if (isMine) {\n', '  if (isMine) {\n    setIntent(pfn, order, subtype);\n'],
    ],
    scenarios: ['part-killed'],
  },
  {
    name: 'the rest is written again though it is somebody’s',
    file: 'memdesc/pages.ts',
    edits: [['    else if (pageWord(rest) != miscWord(blockOrder, subtype)) continue;\n', '']],
    scenarios: ['part-killed'],
  },
  {
    name: 'the rest can be freed before it is described',
    file: 'memdesc/pages.ts',
    edits: [
      [
        '    fillPageWords(rest + 1, (1 << half) - 1, word);\n    if (rest != base) storePageWord(rest, word);',
        '    if (rest != base) storePageWord(rest, word);\n    fillPageWords(rest + 1, (1 << half) - 1, word);',
      ],
    ],
    scenarios: ['part-against-rest', 'part-killed'],
  },
  {
    name: 'a thread’s page that nobody names is kept',
    file: 'memdesc/recover.ts',
    edits: [['    else if (isUnnamed(pfn, word)) fillPageWords(pfn, 1, TYPE_FREE);\n', '']],
    scenarios: ['attach-killed'],
  },
];
