/**
 * Which scenarios see a file first: those of its own protocol, then the quick ones, then the rest.
 *
 * The order is all: a mutant is caught by the first scenario that fails, and one that survives has
 * met every scenario.
 */
import { compactionScenarios } from '../scenarios/compaction.ts';
import { folioScenarios } from '../scenarios/folios.ts';
import { scenarios } from '../scenarios/index.ts';
import { objectScenarios } from '../scenarios/objects.ts';
import { slabScenarios } from '../scenarios/slab.ts';
import { threadScenarios } from '../scenarios/threads.ts';

/** Beginnings of file names, the first that fits; and scenarios in which that file matters most. */
const first: [string, string[]][] = [
  ['base/fault', ['fault-fault', 'fault-work', 'alloc-free-killed']],
  [
    'compact/',
    [
      'migrate-free',
      'migrate-descriptor-reused',
      'migrate-pin',
      'migrate-read',
      'poison-move-pinned',
    ],
  ],
  ['exports/compaction', ['migrate-free', 'migrate-killed-free', 'poison-move-free']],
  ['exports/describe', ['describe-free', 'describe-migrate']],
  ['folio/', ['pin-free-both-reused', 'pin-free-descriptor-reused']],
  [
    'frames/',
    [
      'alloc-free',
      'last-page',
      'last-block-order-3',
      'last-block-order-8',
      'cells-against-cell',
      'cells-given-up',
      'claim-lost',
      'alloc-detach',
      'huge-against-page',
      'alloc-free-buddy',
      'drain-against-stock',
      'given-against-any',
      'refill-killed',
      'order-6-killed',
      'huge-killed',
      'drain-killed',
      'tree-left',
    ],
  ],
  [
    'exports/withdraw',
    ['poison-alloc', 'poison-slab-given-back', 'unpoison-unpoison', 'unpoison-killed'],
  ],
  ['exports/', ['pin-put-killed', 'pin-slab-given-back', 'lock-unlock']],
  ['memdesc/desc-lock', ['lock-unlock', 'lock-unlock-killed', 'fault-page-lock']],
  [
    'memdesc/header',
    ['freeze-put', 'pin-free-descriptor-reused', 'free-free', 'pin-free-page-reused'],
  ],
  ['memdesc/pages', ['free-free', 'free-free-order-3', 'part-against-part', 'part-against-rest']],
  ['memdesc/recover', ['alloc-free-killed', 'order-3-killed', 'part-killed', 'huge-killed']],
  ['memdesc/', ['pin-free-descriptor-reused', 'free-free', 'pin-slab-and-zspage']],
  ['slab/', ['pin-slab-retired', 'set-delete', 'pin-slab-and-zspage']],
  ['store/chain', ['read-on-delete-reuse-all', 'get-delete-reuse', 'overwrite-killed-survived']],
  ['store/entry', ['read-on-delete-reuse-all', 'get-delete-reuse']],
  ['store/directory', ['get-split-k', 'get-split-m', 'split-killed-survived']],
  ['store/leaf', ['get-overwrite-reuse', 'get-delete-reuse', 'get-split-k']],
  [
    'store/resize',
    ['get-split-k', 'get-split-m', 'split-killed-survived', 'merge-killed-survived'],
  ],
  ['store/change', ['set-set-same-key', 'overwrite-killed-survived', 'delete-killed-survived']],
  [
    'store/recover',
    ['overwrite-killed-survived', 'split-killed-survived', 'delete-killed-survived'],
  ],
  [
    'cache/lease',
    [
      'alone-neighbour',
      'lease-delete-beside',
      'lease-end-delete',
      'alone-delete',
      'alone-clear',
      'lease-delete',
    ],
  ],
  ['cache/condition', ['alone-delete', 'alone-alone', 'lease-dead', 'add-add', 'update-update']],
  ['cache/eviction/judge', ['clear-set', 'evict-get', 'evict-set', 'figures-writers']],
  ['cache/', ['get-expired-set', 'clear-set', 'set-delete', 'list-writers']],
  ['reclaim/', ['reclaim-reclaim', 'limbo-reclaim', 'set-reclaim', 'limbo-zspage-killed']],
  [
    'store/deferred',
    [
      'get-evict-open',
      'get-evict-renew',
      'get-delete-close',
      'renew-killed-survived',
      'renew-reclaim-killed-survived',
    ],
  ],
  ['store/', ['get-expired-set', 'clear-set', 'set-delete', 'list-writers']],
  [
    'thread/limbo',
    ['limbo-reclaim', 'limbo-zspage-killed', 'reclaim-reclaim', 'get-overwrite-reuse'],
  ],
  [
    'thread/lock',
    ['slab-across-threads', 'get-expired-reuse', 'migrate-alloc', 'fault-under-lock'],
  ],
  ['thread/rcu', ['get-overwrite-reuse']],
  [
    'thread/slot',
    [
      'attach-scan',
      'counter-detach',
      'stop-alloc',
      'detach-reclaim',
      'detach-detach',
      'figures-writers',
      'fault-fault',
      'attach-detach',
    ],
  ],
  [
    'thread/stop',
    [
      'stop-alloc',
      'fault-work',
      'stop-again-set',
      'stop-again-stop',
      'fault-stopped',
      'fault-stop',
      'stopper-killed',
    ],
  ],
  ['zone/', ['attach-detach', 'death-proven-twice', 'reader-killed-is-given-back']],
  [
    'zsmalloc/',
    [
      'object-free-free',
      'object-free-overwrite',
      'object-overwrite-overwrite',
      'object-read-overwrite-reuse',
      'object-read-free-reuse',
      'object-revival',
      'object-destroyed-while-held',
      'object-compact-set',
      'object-compact-draft',
      'object-compact-free-reuse',
      'object-compact-overwrite',
      'object-compact-read',
      'object-free-free-killed',
      'object-overwrite-killed',
      'set-set-same-key',
      'set-reclaim',
      'read-on-delete-reuse-all',
      'set-delete',
      'reclaim-reclaim',
      'get-delete-reuse',
    ],
  ],
];

/** Beginnings of file names, and the scenarios of what they are about. */
const groups: [string, readonly { name: string }[]][] = [
  ['compact/', compactionScenarios],
  ['exports/compaction', compactionScenarios],
  ['exports/folio', folioScenarios],
  ['zone/recover-compaction', compactionScenarios],
  ['folio', folioScenarios],
  ['memdesc/user-type', folioScenarios],
  ['zone/release', folioScenarios],
  ['slab/', slabScenarios],
  ['thread/', threadScenarios],
  ['zone/', threadScenarios],
  ['zsmalloc/', objectScenarios],
];

/** Scenarios of more than two seconds, quickest first. */
const slow = ['lock-unlock-killed', 'alloc-free-killed', 'recover-killed', 'stopper-killed-stop'];
const slowest = ['evict-set', 'check-set', 'get-killed'];

/** Scenarios of a file's own protocol. */
export function ownScenarios(file: string): string[] {
  return first.find(([beginning]) => file.startsWith(beginning))?.[1] ?? [];
}

/** All scenarios, in the order in which a mutant of this file meets them. */
export function scenariosFor(file: string): string[] {
  const own = ownScenarios(file);
  const [, group = []] = groups.find(([beginning]) => file.startsWith(beginning)) ?? [];
  const near = [...own, ...group.map(({ name }) => name)];
  const late = [...slow, ...slowest];
  const quick = scenarios.map(({ name }) => name).filter((name) => !late.includes(name));
  return [...new Set([...near, ...quick, ...late])];
}
