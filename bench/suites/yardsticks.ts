/**
 * Suite `yardsticks`: what bare operations cost on this machine. Other suites use them as peers.
 *
 *   kernel-add-pair, atomics-add-pair, array-load   ns, over 1,024 words; -hot: one word for all
 *   write-512-words    ns to write as many words as a block of 2 MiB has pages, and to clear them
 *   page-copy-hot, page-copy-cold                   ns for 4 KiB, two pages or pages of 64 MiB
 *   mutex-contended    a pthread mutex, threads adding 10 times under it: acquisitions a second,
 *                      longest wait, share of the thread that got it least
 *
 * -1t, -2t: threads, pinned; words are the same for all, pages each thread's own. Medians of 7
 * rounds in turn.
 */
import type { Yardstick } from '../peers/member.ts';
import { Mutex } from '../peers/mutex.ts';
import { BLOCK_WORDS, COLD_PAGES, HOT_PAGES, WORDS, Yardsticks } from '../peers/yardsticks.ts';
import { inTurn, type Result, type SuiteOptions } from '../suite.ts';

const rows: [name: string, yardstick: Yardstick, things: number][] = [
  ['kernel-add-pair', 'kernel add pair', WORDS],
  ['kernel-add-pair-hot', 'kernel add pair', 1],
  ['atomics-add-pair', 'Atomics add pair', WORDS],
  ['atomics-add-pair-hot', 'Atomics add pair', 1],
  ['array-load', 'array load', WORDS],
  ['write-512-words', 'write words', BLOCK_WORDS],
  ['page-copy-hot', 'page copy', HOT_PAGES],
  ['page-copy-cold', 'page copy', COLD_PAGES],
];
/** Additions under the mutex. */
const HOLD = 10;

async function contest(mutex: Mutex, rounds: number, ms: number): Promise<Result[]> {
  const figures = await inTurn(
    rounds,
    new Map([
      ['1/s', async () => (await mutex.compete(2, HOLD, false, ms)).perSecond],
      ['ms', async () => (await mutex.compete(2, HOLD, true, ms)).longestMs],
      ['%', async () => (await mutex.compete(2, HOLD, false, ms)).leastShare],
    ]),
  );
  return [...figures].map(([unit, value]) => ({ name: 'mutex-contended-2t', value, unit }));
}

export async function suite({ isTiny, leaveOut }: SuiteOptions): Promise<Result[]> {
  const rounds = isTiny ? 1 : 7;
  const ms = isTiny ? 1 : 20;
  const yardsticks = await Yardsticks.open();
  const subjects = new Map(
    [1, 2].flatMap((threads) =>
      rows.map(([name, yardstick, things]) => {
        const measure = () => yardsticks.measure(yardstick, things, threads, ms);
        return [`${name}-${threads}t`, measure] as const;
      }),
    ),
  );
  // Twice, unmeasured: the compilers warm up, and all pages are touched.
  await inTurn(2, subjects);
  const figures = await inTurn(rounds, subjects);
  const results: Result[] = [...figures].map(([name, value]) => ({ name, value, unit: 'ns' }));
  await yardsticks.close();
  const mutex = await Mutex.open();
  if (mutex === undefined) leaveOut('mutex-contended-2t', 'mutex');
  else results.push(...(await contest(mutex, rounds, isTiny ? 5 : 200)));
  mutex?.close();
  return results;
}
