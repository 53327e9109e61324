/**
 * Giants: one zone with more entries than a `Map` takes, and a death among ten million.
 *
 *   entries-20m   bytes that each of 20 million values of 16 bytes takes beyond key and value; a
 *                 Map holds 2^24 and throws
 *   death-10m     the longest operation, ms, of a thread that reads and sets among ten million
 *                 entries, begun while another thread that sets is killed, or in the tenth of a
 *                 second after it, in some deaths; beside it the longest in as many tenths of a
 *                 second in which nobody dies
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { SharedCache } from '../../src/index.ts';
import { isWanted } from '../cache/fleet.ts';
import { keyOf } from '../cache/values.ts';
import type { Suite } from '../suite.ts';
import type { DeathSetup } from './member.ts';
import { longestWhile, newWindows } from './window.ts';

const MIB = 2 ** 20;
const VALUE_BYTES = 16;
/** What an entry takes at most, all in all. */
const ROOMY = 110;
const DEATHS = 20;
const WINDOW_MS = 100;

function giant(entries: number): SharedCache {
  const maxSize = Math.min(16 * MIB + entries * ROOMY, 4095 * MIB);
  return new SharedCache({ maxSize, compression: 'none' });
}

/** @returns bytes of the keys and values */
function fill(cache: SharedCache, entries: number): number {
  const value = new Uint8Array(VALUE_BYTES);
  let bytes = 0;
  for (let id = 0; id < entries; id++) {
    const key = keyOf(id);
    value[id % VALUE_BYTES]!++;
    if (!cache.set(key, value)) throw new Error(`refused after ${id} entries`);
    bytes += key.length + VALUE_BYTES;
  }
  if (cache.size !== entries) throw new Error(`${cache.size} entries of ${entries}`);
  return bytes;
}

/** Many entries in one zone. */
export const entries20m: Suite = async (options) => {
  if (!isWanted(options, 'entries-20m')) return [];
  const entries = options.isTiny ? 20_000 : 20_000_000;
  using cache = giant(entries);
  const free = () => cache.arena.report().freePages * 4096;
  const before = free();
  const bytes = fill(cache, entries);
  const value = (before - free() - bytes) / entries;
  if (!cache.has(keyOf(0)) || !cache.has(keyOf(entries - 1))) throw new Error('a key is missing');
  cache.arena.check();
  return [{ name: 'entries-20m', value, unit: 'B' }];
};

/** What others feel of a death. */
export const death10m: Suite = async (options) => {
  if (!isWanted(options, 'death-10m')) return [];
  const entries = options.isTiny ? 20_000 : 10_000_000;
  const deaths = options.isTiny ? 2 : DEATHS;
  using cache = giant(2 * entries);
  fill(cache, entries);
  const survivor = await member(cache, entries);
  const longest = { death: 0, peace: 0 };
  for (let round = 0; round < deaths; round++) {
    const victim = await member(cache, entries);
    await sleep(Math.random() * WINDOW_MS);
    const peace = await survivor.longestWhile(pause);
    const death = await survivor.longestWhile(async () => {
      await victim.worker.terminate();
      await pause();
    });
    longest.peace = Math.max(longest.peace, peace);
    longest.death = Math.max(longest.death, death);
  }
  await survivor.worker.terminate();
  if (cache.arena.report().entries < entries) throw new Error('entries are missing');
  const peer = 'nobody dies';
  const ratio = longest.death / longest.peace;
  return [{ name: 'death-10m', value: longest.death, unit: 'ms', peer, ratio }];
};

interface Member {
  worker: Worker;
  /** ms of the longest operation that it begins while something goes on. */
  longestWhile(something: () => Promise<unknown>): Promise<number>;
}

const pause = (): Promise<void> => sleep(WINDOW_MS);

/** A thread at work. */
async function member(cache: SharedCache, entries: number): Promise<Member> {
  const windows = newWindows();
  const workerData: DeathSetup = { handle: cache.handle, entries, windows };
  const worker = new Worker(new URL('./member.ts', import.meta.url), { workerData });
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  return { worker, longestWhile: (something) => longestWhile(windows, something) };
}
