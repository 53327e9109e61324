/** Waiting for an arena's supervisor, which attaches like every thread. */
import { setTimeout } from 'node:timers/promises';
import type { Arena } from '../../src/arena/arena.ts';

/** Returns when the supervisor has its slot and its page: later figures are the caller's alone. */
export async function settled(arena: Arena): Promise<void> {
  while (arena.report().threads < 2) await setTimeout(1);
}
