/**
 * Lines: how many cache lines of the cache's own structures a `get` touches, of those that are too
 * many for a processor to keep.
 *
 * The release module is instrumented as for the model checker, and joins a cache of small values as
 * one more thread: each key is got once, and of what it touches the distinct lines of 64 bytes are
 * counted that lie in leaves of the index, in slabs (descriptors, cells of handles) and in page
 * words. All these are larger than 256 KiB at a million entries. Not counted are what is small (the
 * root, the directory, the thread's own) and the entry itself.
 *
 * At the highest load: with as many entries as fill the leaves most.
 */
import { readFileSync } from 'node:fs';
import * as facts from '../../src/generated/facts.ts';
import { SharedCache } from '../../src/index.ts';
import { instrument } from '../../test/model/engine/instrument.ts';
import { offsetOf } from '../../test/support/structures.ts';
import { isWanted } from '../cache/fleet.ts';
import { keyOf } from '../cache/values.ts';
import type { Result, Suite, SuiteOptions } from '../suite.ts';

const LINE_SHIFT = 6;
const PAGE_SHIFT = 12;
const VALUE_BYTES = 16;
/** What an entry takes at most, all in all. */
const ROOMY = 160;
/** Of a foreign thread's number, which is no worker's. */
const OWNER = 2 ** 31;
/** Entries between two looks at the load. */
const BATCH = 1000;
/** Leaves that a page of the directory names: kernel/store/directory.ts. */
const FAN_OUT = 512;

interface Store {
  leaves: number;
  top: number;
}

function storeOf(words: Uint32Array): Store {
  const read = (field: string): number =>
    words[(facts.STORE_STATE + offsetOf('StoreState', field)) >> 2]!;
  return { leaves: read('leaves'), top: read('top') };
}

/** A cache that has room for so many. */
function open(entries: number): SharedCache {
  return new SharedCache({ maxSize: 8 * 2 ** 20 + entries * ROOMY, compression: 'none' });
}

/** Of so many entries to twice as many, the number with which leaves are fullest. */
function fullest(least: number): number {
  using cache = open(2 * least);
  const words = new Uint32Array(cache.arena.memory.buffer, 0, facts.SLOT_TABLE >> 2);
  const best = { entries: 0, load: 0 };
  for (let entries = 0; entries < 2 * least; ) {
    entries = add(cache, entries, entries + BATCH);
    const load = entries / storeOf(words).leaves;
    if (entries >= least && load > best.load) Object.assign(best, { entries, load });
  }
  return best.entries;
}

/** @returns how many entries there are then */
function add(cache: SharedCache, from: number, to: number): number {
  const value = new Uint8Array(VALUE_BYTES);
  for (let id = from; id < to; id++) cache.set(keyOf(id), value);
  return to;
}

/** For each page whether its lines are counted. */
function countedPages(cache: SharedCache): Uint8Array {
  const { arena } = cache;
  const pages = arena.kernel.pageCount();
  const counted = new Uint8Array(pages);
  for (let pfn = 0; pfn < pages; pfn++) counted[pfn] = arena.describe(pfn).use === 'slab' ? 1 : 0;
  const mapEnd = facts.PAGE_MAP + 4 * pages;
  for (let at: number = facts.PAGE_MAP; at < mapEnd; at += 4096) counted[at >> PAGE_SHIFT] = 1;
  const words = new Uint32Array(arena.memory.buffer, 0, arena.memory.buffer.byteLength >> 2);
  const { leaves, top } = storeOf(words);
  for (let number = 0; number < leaves; number++) {
    const directory = words[(top >> 2) + Math.floor(number / FAN_OUT)]!;
    counted[words[(directory >> 2) + (number % FAN_OUT)]! >>> PAGE_SHIFT] = 1;
  }
  return counted;
}

type Call = (...args: number[]) => number;

/** One more thread of the cache, whose accesses are reported. */
function join(
  cache: SharedCache,
  touch: (address: number, bytes: number) => void,
): Record<string, Call> {
  const file = new URL('../../build/kernel/release.wasm', import.meta.url);
  const { bytes } = instrument(readFileSync(file));
  const no = (): never => {
    throw new Error('nobody is there to wait for');
  };
  const model = {
    plain: (_site: number, address: number, length: number) => touch(address >>> 0, length >>> 0),
    step: (_site: number, address: number, width: number) => {
      touch(address >>> 0, width);
      return 0;
    },
    notify: () => 0,
    wait: no,
    suspend: no,
  };
  const env = new Proxy({ memory: cache.arena.memory } as Record<string, unknown>, {
    get: (given, name) => given[String(name)] ?? no,
  });
  const module = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
  const instance = new WebAssembly.Instance(module, { env, model } as WebAssembly.Imports);
  const kernel = instance.exports as Record<string, Call>;
  if (kernel.attach!(OWNER, 1) < 0 || kernel.prepare!() < 0)
    throw new Error('no place for a thread');
  return kernel;
}

/** Lines of each get: how many gets touched so many. */
function countLines(cache: SharedCache, entries: number): number[] {
  const counted = countedPages(cache);
  const seen = new Set<number>();
  const kernel = join(cache, (address, bytes) => {
    for (let line = address >>> LINE_SHIFT; line << LINE_SHIFT < address + bytes; line++) {
      if (counted[line >>> (PAGE_SHIFT - LINE_SHIFT)] === 1) seen.add(line);
    }
  });
  const memory = new Uint8Array(cache.arena.memory.buffer);
  const keyAt = kernel.keyScratch!() >>> 0;
  const counts: number[] = [];
  for (let id = 0; id < entries; id++) {
    const key = keyOf(id);
    for (let i = 0; i < key.length; i++) memory[keyAt + i] = key.charCodeAt(i);
    seen.clear();
    if (kernel.get!(key.length, 0, 1) !== VALUE_BYTES) throw new Error(`${key} is missing`);
    counts[seen.size] = (counts[seen.size] ?? 0) + 1;
  }
  kernel.detach!();
  return counts;
}

/** How many lines the share of the gets with the fewest does not exceed. */
function quantile(counts: readonly number[], share: number): number {
  const all = counts.reduce((sum, count) => sum + (count ?? 0), 0);
  let many = 0;
  for (let below = counts[0] ?? 0; below < share * all; below += counts[many] ?? 0) many++;
  return many;
}

/** Cache lines of a get, beyond those of the value. */
export const lines: Suite = async (options: SuiteOptions): Promise<Result[]> => {
  if (!isWanted(options, 'lines-get')) return [];
  const least = options.isTiny ? 2000 : 1_000_000;
  const entries = fullest(least);
  using cache = open(entries);
  add(cache, 0, entries);
  const counts = countLines(cache, entries);
  options.note(
    `lines-get: of ${entries} entries, by lines: ${counts.map((n) => n ?? 0).join(' ')}`,
  );
  const sum = counts.reduce((total, count, many) => total + (count ?? 0) * many, 0);
  return [
    { name: 'lines-get', value: sum / entries, unit: 'lines' },
    { name: 'lines-get-p99', value: quantile(counts, 0.99), unit: 'lines' },
    { name: 'lines-get-max', value: counts.length - 1, unit: 'lines' },
  ];
};
