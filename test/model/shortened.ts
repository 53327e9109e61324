/**
 * How a scenario is searched in the tests whose own search takes near a second or more: shorter.
 * `npm run model` searches all of it, and the mutants are hunted with it.
 */
import type { Scenario } from './engine/index.ts';
import type { KernelScenario } from './kernel-model.ts';

const namesIn = (text: string): string[] => text.trim().split(/\s+/);

/** Names by the preemptions within which every schedule is run. */
const within: string[][] = [
  namesIn(`
  order-3-killed order-6-killed recover-killed limbo-done-killed refill-killed
  migrate-killed-pin migrate-killed-free alloc-free-killed lock-handoff-killed shrink-pin-killed
  free-stale-killed free-pin-killed publish-pin-killed part-killed attach-killed stopper-killed
  death-told increment-clear-split increment-clear-merge increment-clear-increment
  `),
  namesIn(`
  evict-get get-expired-set get-expired-reuse migrate-split deaths-proven-apart recover-set
  figures-writers check-set set-set-same-key object-overwrite-overwrite object-compact-compact
  drain-against-drain many-get-expired many-set-get pin-free-page-reused cells-given-up
  cells-against-cell slab-drain get-overwrite-reuse read-on-delete-reuse
  read-on-delete-reuse-all pack-get pack-delete death-proven-twice recover-stop set-reclaim
  attach-detach stop-again-set clear-set migrate-pin migrate-pin-page migrate-lock-write
  migrate-free migrate-descriptor-reused space-register-register migrate-read
  migrate-read-across migrate-read-tail migrate-alloc migrate-alloc-parts migrate-object-free
  migrate-renew migrate-zspage-free object-compact-read object-compact-free
  object-compact-overwrite object-compact-get object-revival poison-alloc poison-move-pin
  rcu-sync-free rcu-sync-late limbo-reclaim get-evict-renew alone-delete alone-clear
  `),
  namesIn(`
  publish-pin
  `),
];

/** Schedules and deaths drawn at random: within any bound there are too many. */
const drawn = namesIn(`
  increment-clear-killed-survived
  recover-killed-debts ring-full-drained-killed reap-killed reap-unwound
  lease-remove-if-killed-survived zspage-handed-over-killed pinned-zspage-handed-over-killed
  lease-hand-over-killed-survived lease-dead-killed-survived lease-late-killed-survived
  lease-refresh-killed-survived near-set-killed-survived object-overwrite-killed
  migrate-killed-twice update-killed-survived get-killed order-8-killed drain-killed
  slab-grow-killed slab-alloc-killed lock-check pack-killed-survived
  queue-page-taken-killed-survived queue-page-dropped-killed-survived purge-killed-survived
  renew-reclaim-killed-survived
  set-new-killed-survived overwrite-killed-survived overwrite-twice-killed-survived
  chain-killed-survived draft-killed-survived split-killed-survived merge-killed-survived
  set-clear-killed-survived set-reclaim-killed-survived increment-increment
  increment-killed-survived add-killed-survived replace-killed-survived touch-killed-survived
  evict-set many-get-overwrite-reuse many-remove-killed many-set-killed
  space-set-killed-survived migrate-killed-pack migrate-killed-alloc migrate-killed-object-free
  migrate-read-killed object-free-free-killed object-release-killed object-pattern-killed
  object-compact-compact-killed object-compact-free-killed lease-lease lease-killed-survived
  lease-overtaken-killed-survived lease-dead lease-refresh limbo-zspage-killed
  limbo-object-killed limbo-last-object-killed ring-full-drained cell-handed-over-killed
  pattern-handed-over-killed object-handed-over-killed split-unwound object-release-unwound
  object-pattern-unwound object-compact-free-unwound limbo-zspage-unwound
  limbo-last-object-unwound ring-full-drained-unwound overwrite-unwound emptied-unwound
  recover-unwound-debts object-overwrite-unwound forsaken-killed split-lock-killed
  split-lock-unwound object-recover-killed object-alloc-killed split-pin-killed
  alone-killed-survived alone-set-killed-survived object-recover-anothers-killed
  object-sweep-killed
`);

/** Every schedule by partial-order reduction: these are fewer than those within the bound. */
const reduced = namesIn(`
  slab-fill freeze-put recycle-attach near-set fault-fault object-read-overwrite-reuse
`);

const DRAWS = 200;

export type Search = Pick<Scenario, 'bound' | 'mode' | 'seed' | 'maxExecutions'>;

/** Names that are shortened. */
export const shortened: string[] = [...within.flat(), ...drawn, ...reduced];

export function searchOf({ name, bound, draws }: KernelScenario): Search {
  const maxExecutions = drawn.includes(name) ? DRAWS : draws;
  if (maxExecutions !== undefined) return { mode: 'uniform', seed: 1, maxExecutions };
  if (reduced.includes(name)) return { mode: 'dpor' };
  const lower = within.findIndex((names) => names.includes(name));
  return { bound: lower < 0 ? bound : lower };
}
