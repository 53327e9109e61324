/** What scenarios of folios and of moving pages are made of. */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Machine, Thread } from '../engine/index.ts';
import { MAIN_OWNER, type ModelFolio, newFolio } from '../kernel-model.ts';

/** Descriptors of folios in a page, each with its state byte. */
const FOLIOS_PER_SLAB = Math.floor(facts.PAGE_BYTES / 33);

/** A folio whose descriptor is alone in its slab, while another slab of its kind has room. */
export function newLonelyFolio(main: Thread): ModelFolio {
  const folios = Array.from({ length: FOLIOS_PER_SLAB + 1 }, () => newFolio(main));
  main.callNow('freeFolio', folios[0]!.name);
  // Leaving empties the thread's sheaves.
  main.callNow('detach');
  main.callNow('attach', MAIN_OWNER, 1);
  return folios.at(-1)!;
}

/** The first type of users. */
export function registerType({ main }: Machine, { isMovable }: { isMovable: boolean }): void {
  assert.equal(main.callNow('registerType', 32, Number(isMovable)), facts.FIRST_USER_TYPE);
}

/** Pins what a page or a name leads to, if anything, and puts it. */
export async function pinAndPut(
  thread: Thread,
  pin: 'pinPage' | 'pinFolio',
  of: number,
): Promise<void> {
  const pinned = (await thread.call(pin, of)) as number;
  if (pinned > 0) await thread.call('putPage', pinned);
}

/** Empties pages, as far as the others let it. */
export async function evacuatePages(
  thread: Thread,
  first: number,
  count = 1,
): Promise<'busy' | 'done'> {
  if ((await thread.call('beginEvacuation', first, count)) !== 0) return 'busy';
  while (Number(await thread.call('compactStep')) > 0);
  while ((await thread.call('endCompaction')) === 0);
  return 'done';
}

export function assertNothingIsolated({ main }: Machine): void {
  assert.equal(main.callNow('countPagesOf', facts.TYPE_ISOLATED, 0), 0, 'isolated for ever');
}
