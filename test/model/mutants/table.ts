/** Mutants written by hand: each takes away one thing that a protocol says it needs. */
import { descriptorMutants } from './descriptors.ts';
import { folioMutants } from './folios.ts';
import { frameMutants } from './frames.ts';
import { limboMutants } from './limbo.ts';
import { migrationMutants } from './migration.ts';
import { objectMutants } from './objects.ts';
import { slabMutants } from './slab.ts';
import { withdrawMutants } from './withdraw.ts';

export interface Mutant {
  name: string;
  /** What is found, exactly once in one file of the kernel, and what takes its place. */
  edits: [find: string, replace: string][];
  /** One of these must fail. */
  scenarios: string[];
  /** Preemptions, where more are needed than the scenario's own bound. */
  bound?: number;
}

export const mutants: Mutant[] = [
  {
    name: 'a supervisor is named by a load and a store',
    edits: [
      [
        '  const found = casCell(supervisorAt(), seen, next);\n',
        '  const found = loadCell(supervisorAt());\n  if (found == seen) storeCell(supervisorAt(), next);\n',
      ],
    ],
    scenarios: ['supervisor-succession', 'supervisor-succession-killed'],
  },
  {
    name: 'lock taken by a load and a store',
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
    edits: [['if ((found & WAITERS) != 0) wakeWord(at, 1);', '']],
    scenarios: ['slab-across-threads'],
  },
  {
    name: 'debts are paid of who was marked dead after the repairs',
    edits: [[' || slotOf(slot).repaired == 0', '']],
    scenarios: ['deaths-proven-apart'],
  },
  {
    name: "a dead thread's page is freed before its slot forgets it",
    edits: [
      ['  slot.page = 0;\n  slot.desk = 0;\n  if (page != 0)', '  if (page != 0)'],
      [
        'freePages(desk >> PAGE_SHIFT, 0, MISC_THREAD);\n}',
        'freePages(desk >> PAGE_SHIFT, 0, MISC_THREAD);\n  slot.page = 0;\n  slot.desk = 0;\n}',
      ],
    ],
    scenarios: ['recover-killed-debts'],
  },
  {
    name: 'whoever waits for the world to run ends the stop of a living thread',
    edits: [
      [
        ' && slotState(stop) != SLOT_LIVE) casWord(stopAt(), stop, 0);',
        ') casWord(stopAt(), stop, 0);',
      ],
    ],
    scenarios: ['stop-again-stop'],
  },
  {
    name: 'readers without a section',
    edits: [['setInKernel(operationOf(selfSlot()), currentEpoch());', '']],
    scenarios: ['get-overwrite-reuse'],
  },
  {
    name: 'who entered in the last epoch is not waited for',
    edits: [['section <= epoch', 'section < epoch']],
    scenarios: ['rcu-sync-free', 'rcu-sync-read'],
  },
  {
    name: 'a grace period is not waited for',
    edits: [
      ['const isOver = isQuiescent(epoch);', 'const isOver = true;'],
      ['while (!isQuiescent(epoch) && looks', 'while (looks >= SPINS && looks'],
    ],
    scenarios: ['rcu-sync-free', 'rcu-sync-read'],
  },
  {
    name: 'who defers into a full limbo does not wait',
    edits: [['  awaitGrace(PATIENCE);\n', '']],
    scenarios: ['limbo-full'],
  },
  {
    name: 'limbo ripe at once',
    edits: [
      ['if (from.ripening != 0 && isQuiescent(from.closedAt)) {', 'if (from.ripening != 0) {'],
    ],
    scenarios: ['get-overwrite-reuse'],
  },
  {
    name: 'a reader does not look again after a split',
    edits: [
      ['if ((shape & SPLITTING) == 0 && loadWord(shapeAt()) == shape) return 0;', 'return 0;'],
    ],
    scenarios: ['get-split-k', 'get-split-m'],
  },
  {
    name: 'a reader looks again only if the shape was odd',
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
    edits: [
      [
        '  lock(STORE_LOCK);\n  enterSection();\n  const node = findNode(hash,',
        '  enterSection();\n  const node = findNode(hash,',
      ],
    ],
    scenarios: ['set-set-same-key', 'set-delete'],
  },
  {
    name: 'an overwritten value freed at once',
    edits: [
      ['  zsDefer(LIMBO_VALUE, handle);', '  if (handle != 0) releaseEntry(handle);'],
      ['import { entryKeyBytes,', 'import { entryKeyBytes, releaseEntry,'],
    ],
    scenarios: ['get-overwrite-reuse'],
  },
  {
    name: 'every death inside the kernel poisons',
    edits: [['if ((operation & HALF_DONE) != 0) poison(', 'if (operation != 0) poison(']],
    scenarios: ['reader-killed-is-given-back'],
  },
  {
    name: "a dead reader's section is left open",
    edits: [
      ['  slotOf(slot).repaired = 0;\n  clearInKernel(slot);\n', '  slotOf(slot).repaired = 0;\n'],
    ],
    scenarios: ['reader-killed-is-given-back'],
  },
  {
    name: 'who leaves the kernel wakes no stopper',
    edits: [['  addWord(changesAt(), 1);\n  wakeWord(changesAt(), -1);\n', '']],
    scenarios: ['check-set'],
  },
  {
    name: "a node between its cache and the index is nobody's",
    edits: [['NODE_BYTES, KIND_HAND)', 'NODE_BYTES, 3)']],
    scenarios: ['writer-killed'],
  },
  {
    name: 'a draft is taken before the change begins',
    edits: [['  beginChange();\n  settleHand();\n', '  settleHand();\n']],
    scenarios: ['writer-killed'],
  },
  {
    name: 'a stopper looks at the first who is inside, and at nobody else',
    edits: [['    others = AWAITED;\n', '    return AWAITED;\n']],
    scenarios: ['slab-drain-stop'],
  },
  {
    name: 'who enters looks for a stop first',
    edits: [
      [
        '  setInKernel(operation, 0);\n  if (loadWord(stopAt()) != 0) enterSlow(operation);\n',
        '  const isStopped = loadWord(stopAt()) != 0;\n  setInKernel(operation, 0);\n  if (isStopped) enterSlow(operation);\n',
      ],
    ],
    scenarios: ['check-set'],
  },
  {
    name: 'the stop of a dead thread stays',
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
    name: 'node published by a plain store',
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
    edits: [['return loadWord(handleAt(node));', 'return load<u32>(handleAt(node));']],
    scenarios: ['get-overwrite-reuse'],
  },
  {
    name: 'section left by a plain store',
    edits: [['storeCell(inKernelAt(slot), 0);', 'store<u64>(inKernelAt(slot), 0);']],
    scenarios: ['get-overwrite-reuse'],
  },
  {
    name: 'lock released by a plain store',
    edits: [
      ['const found = swapWord(at, 0);', 'const found = load<u32>(at);\n  store<u32>(at, 0);'],
    ],
    scenarios: ['slab-across-threads'],
  },
  {
    name: 'node freed without a grace period',
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
  ...descriptorMutants,
  ...folioMutants,
  ...frameMutants,
  ...migrationMutants,
  ...objectMutants,
  ...slabMutants,
  ...withdrawMutants,
  ...limboMutants,
];
