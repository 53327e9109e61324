/** Mutants written by hand: each takes away one thing that a protocol says it needs. */
import { contextMutants } from './contexts.ts';
import { countMutants } from './counts.ts';
import { descriptorMutants } from './descriptors.ts';
import { folioMutants } from './folios.ts';
import { frameMutants } from './frames.ts';
import { handedOverMutants } from './handed-over.ts';
import { leaseMutants } from './leases.ts';
import { limboMutants } from './limbo.ts';
import { manyMutants } from './many.ts';
import { mendMutants } from './mend.ts';
import { migrationMutants } from './migration.ts';
import type { Mutant } from './mutant.ts';
import { nearMutants } from './near.ts';
import { objectMutants } from './objects.ts';
import { reapMutants } from './reap.ts';
import { shortMutants } from './short.ts';
import { slabMutants } from './slab.ts';
import { storeMutants } from './store.ts';
import { turnMutants } from './turns.ts';
import { unwoundMutants } from './unwound.ts';
import { withdrawMutants } from './withdraw.ts';

export const mutants: Mutant[] = [
  {
    name: 'who attaches does not look whether the zone is still open',
    edits: [
      ['if (!isOpen() || loadCell(slotAt(slot)) != claimed) return', 'if (owner == 0) return'],
    ],
    scenarios: ['recycle-attach'],
  },
  {
    name: 'who was refused takes back whatever stands in the slot',
    edits: [
      [
        '  casCell(slotAt(slot), claimed, u64(u32(claimed) & ~3));\n  return ERR_NOT_A_ZONE;',
        '  storeCell(slotAt(slot), u64(u32(claimed) & ~3));\n  return ERR_NOT_A_ZONE;',
      ],
    ],
    scenarios: ['recycle-attach-attach'],
    bound: 3,
  },
  {
    name: 'a zone is recycled that somebody has just come to',
    edits: [
      [
        'if (casWord(SUPERBLOCK, ZONE_MAGIC, 0) != ZONE_MAGIC) return ERR_NOT_A_ZONE;\n',
        'const isBusy = isAttached();\n  if (casWord(SUPERBLOCK, ZONE_MAGIC, 0) != ZONE_MAGIC) return ERR_NOT_A_ZONE;\n',
      ],
      ['const failure = isAttached() ?', 'const failure = isBusy ?'],
    ],
    scenarios: ['recycle-attach'],
  },
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
      ['  slot.page = 0;\n  slot.zsThread = 0;\n  if (page != 0)', '  if (page != 0)'],
      [
        'freePages(pfnOfAddress(thread), 0, MISC_THREAD);\n}',
        'freePages(pfnOfAddress(thread), 0, MISC_THREAD);\n  slot.page = 0;\n  slot.zsThread = 0;\n}',
      ],
    ],
    scenarios: ['recover-killed-debts'],
  },
  {
    name: 'whoever waits for the world to run ends the stop of a living thread',
    edits: [
      [
        '  else if (slotState(stopper) != SLOT_LIVE) casWord(stopAt(), stop, 0);',
        '  else if (true) casWord(stopAt(), stop, 0);',
      ],
    ],
    scenarios: ['stop-again-stop'],
  },
  {
    name: 'readers without a section',
    edits: [['setInKernel(operationOf(selfSlot()), currentEpoch());', '']],
    scenarios: ['object-read-overwrite-reuse'],
  },
  {
    name: 'limbo done at once',
    edits: [['if (from.waiting != 0 && isQuiescent(from.closedAt)) {', 'if (from.waiting != 0) {']],
    scenarios: ['get-split-reuse'],
  },
  {
    name: 'a ring done at once',
    edits: [
      [
        'if (closed != peekWord(headAt(slot)) && isQuiescent(ring.ringClosedAt)) {',
        'if (closed != peekWord(headAt(slot))) {',
      ],
    ],
    scenarios: ['get-overwrite-reuse', 'limbo-full'],
  },
  {
    name: 'who entered in the last epoch is not waited for',
    edits: [['section <= epoch', 'section < epoch']],
    scenarios: ['rcu-sync-free', 'rcu-sync-read'],
  },
  {
    name: 'a grace period is not waited for',
    edits: [['let isOver = isQuiescent(epoch);', 'let isOver = true;']],
    scenarios: ['rcu-sync-free', 'rcu-sync-read'],
  },
  {
    name: 'a grace period that was over is looked at once more',
    edits: [['  leave();\n  return isOver ? 0', '  leave();\n  return isQuiescent(epoch) ? 0']],
    scenarios: ['rcu-sync-late'],
  },
  {
    name: 'who leaves for good wakes nobody who stops the world',
    edits: [['  clearInKernel(slot);\n  wakeStopper();\n', '  clearInKernel(slot);\n']],
    scenarios: ['recover-detach'],
  },
  {
    name: 'a stopper looks at the first who is inside, and at nobody else',
    edits: [['    others = AWAITED;\n', '    return AWAITED;\n']],
    scenarios: ['slab-drain-stop'],
  },
  {
    name: 'section left by a plain store',
    edits: [['storeCell(inKernelAt(slot), 0);', 'store<u64>(inKernelAt(slot), 0);']],
    scenarios: ['get-overwrite-reuse'],
  },
  ...contextMutants,
  ...descriptorMutants,
  ...folioMutants,
  ...frameMutants,
  ...countMutants,
  ...manyMutants,
  ...mendMutants,
  ...migrationMutants,
  ...nearMutants,
  ...objectMutants,
  ...slabMutants,
  ...storeMutants,
  ...withdrawMutants,
  ...handedOverMutants,
  ...leaseMutants,
  ...limboMutants,
  ...shortMutants,
  ...reapMutants,
  ...turnMutants,
  ...unwoundMutants,
];
