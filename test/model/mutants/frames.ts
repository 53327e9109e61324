/** Written mutants of the page allocator: each breaks one rule of its order. */
import type { Mutant } from './mutant.ts';

export const frameMutants: Mutant[] = [
  {
    name: 'pages taken without a debit of the child',
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
    edits: [
      [
        '  clearChild(child);\n  credit(child, CHILD_PAGES);',
        '  credit(child, CHILD_PAGES);\n  clearChild(child);',
      ],
    ],
    scenarios: ['huge-freed-against-page'],
  },
  {
    name: 'rows of a lost block kept',
    edits: [['    while (i-- > 0) storeCell(rowAt(child, first + i), 0);\n', '']],
    scenarios: ['cells-against-cell'],
  },
  {
    name: 'a failed claim is not refunded',
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
    edits: [['    haltWorld();\n    drainStocks();\n    resumeWorld();', '    drainStocks();']],
    scenarios: ['drain-against-stock'],
  },
  {
    name: 'memory is refused while others have it in stock',
    edits: [['    drainAll();\n    pfn = takeFromTrees(order, allocFlags);\n', '']],
    scenarios: ['drain-against-stock', 'stock-found'],
  },
  {
    name: 'a drain clears bits before it lowers the count',
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
    edits: [['  drainStocks();\n  leaveTrees(slot);', '  leaveTrees(slot);']],
    scenarios: ['drain-killed', 'refill-killed'],
  },
  {
    name: 'a dead thread’s tree stays reserved',
    edits: [['  drainStocks();\n  leaveTrees(slot);', '  drainStocks();']],
    scenarios: ['refill-killed'],
  },
  {
    name: 'counters are not counted again',
    edits: [['  recount();\n', '']],
    scenarios: ['order-6-killed', 'huge-killed'],
  },
  {
    name: 'bits without a word are kept',
    edits: [['    forgetPage(pfn);\n', '']],
    scenarios: ['order-6-killed', 'refill-killed', 'page-freed-killed'],
  },
  {
    name: 'a page goes into stock before it is freed',
    edits: [
      [
        'if (!casPageWord(pfn, miscWord(0, subtype), TYPE_FREE)) return whyNotFreeable(pfn, 0, subtype);\n' +
          '  if (!giveStocked(pfn, 0, stock)) giveBlock(pfn, 0);',
        'if (!giveStocked(pfn, 0, stock)) giveBlock(pfn, 0);\n' +
          '  if (!casPageWord(pfn, miscWord(0, subtype), TYPE_FREE)) return whyNotFreeable(pfn, 0, subtype);',
      ],
    ],
    scenarios: ['page-freed-killed', 'free-free'],
  },
  {
    name: 'an incomplete birth is kept',
    edits: [[' || (wordType(word) == TYPE_MISC && !isFirst(pfn, word))) {', ') {']],
    scenarios: ['order-3-killed', 'alloc-free-killed'],
  },
  {
    name: 'a free that was under way is kept',
    edits: [
      [
        'if (wordType(word) == TYPE_FREEING) finishFree(pfn, word);',
        'if (false) finishFree(pfn, word);',
      ],
    ],
    scenarios: ['order-3-killed', 'alloc-free-killed'],
  },
  {
    name: 'a free of a part becomes one of the whole',
    edits: [['if (isPart && intent.intentPfn != 0) {', 'if (false) {']],
    scenarios: ['part-killed'],
  },
  {
    name: 'the intent is written too late',
    edits: [
      ['  setIntent(pfn, order, subtype);\n', ''],
      ['  if (isMine) {\n', '  if (isMine) {\n    setIntent(pfn, order, subtype);\n'],
    ],
    scenarios: ['part-killed'],
  },
  {
    name: 'the rest is written again though it is somebody’s',
    edits: [['    else if (pageWord(rest) != miscWord(blockOrder, subtype)) continue;\n', '']],
    scenarios: ['part-killed'],
  },
  {
    name: 'the rest can be freed before it is described',
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
    edits: [['    else if (isUnnamed(pfn, word)) fillPageWords(pfn, 1, TYPE_FREE);\n', '']],
    scenarios: ['attach-killed'],
  },
];
