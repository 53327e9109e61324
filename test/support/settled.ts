/** Waiting for an arena's supervisor, which attaches like every thread. */
import { setTimeout } from 'node:timers/promises';
import type { Arena } from '../../src/arena/arena.ts';
import { THREAD_PAGES } from './zone.ts';

/** A thread has its slot a moment before it has its pages. */
export function isSettled({ threads, pagesByUse }: ReturnType<Arena['report']>): boolean {
  return threads >= 2 && pagesByUse['thread page']! >= threads * THREAD_PAGES;
}

/** Returns when the supervisor has its slot and its pages: later figures are the caller's alone. */
export async function settled(arena: Arena): Promise<void> {
  while (!isSettled(arena.report())) await setTimeout(1);
}
