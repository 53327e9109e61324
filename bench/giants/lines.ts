/**
 * Lines: how many cache lines of the cache's own structures a `get`, or a `set` that replaces a
 * value, touches, of those that are too many for a processor to keep.
 *
 * The release module is instrumented as for the model checker, and joins a cache of small values as
 * one more thread: each key is got once, or set, and of what it touches the distinct lines of 64
 * bytes are counted that lie in leaves of the index, in slabs (descriptors, cells of handles) and
 * in page words. All these are larger than 256 KiB at a million entries. Not counted are what is
 * small (the root, the directory, the thread's own) and the entries themselves.
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

/** What is counted, told apart for a note; page words, leaves, and each cache of slabs. */
const [PAGE_WORDS, LEAVES, SLABS] = [1, 2, 3];

/** For each page whether its lines are counted, and as what. */
function countedPages(cache: SharedCache): Uint8Array {
  const { arena } = cache;
  const pages = arena.kernel.pageCount();
  const counted = new Uint8Array(pages);
  for (let pfn = 0; pfn < pages; pfn++) {
    const { use, group = 0 } = arena.describe(pfn);
    if (use === 'slab') counted[pfn] = SLABS + group;
  }
  const mapEnd = facts.PAGE_MAP + 4 * pages;
  for (let at: number = facts.PAGE_MAP; at < mapEnd; at += 4096)
    counted[at >> PAGE_SHIFT] = PAGE_WORDS;
  const words = new Uint32Array(arena.memory.buffer, 0, arena.memory.buffer.byteLength >> 2);
  const { leaves, top } = storeOf(words);
  for (let number = 0; number < leaves; number++) {
    const directory = words[(top >> 2) + Math.floor(number / FAN_OUT)]!;
    counted[words[(directory >> 2) + (number % FAN_OUT)]! >>> PAGE_SHIFT] = LEAVES;
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

type Operation = 'get' | 'set';

/** Makes one operation of the key in the scratch. @returns whether it did what it should */
const operations: Record<Operation, (kernel: Record<string, Call>, keyBytes: number) => boolean> = {
  get: (kernel, keyBytes) => kernel.get!(keyBytes, 0, 1) === VALUE_BYTES,
  set: (kernel, keyBytes) => kernel.set!(keyBytes, VALUE_BYTES, 1, 0) === 0,
};

interface Count {
  /** How many operations touched so many lines. */
  counts: number[];
  /** Lines in all, by what they are of. */
  kinds: number[];
}

/** Lines of each of so many operations. */
function countLines(cache: SharedCache, operation: Operation, times: number): Count {
  const counted = countedPages(cache);
  const seen = new Set<number>();
  const kernel = join(cache, (address, bytes) => {
    for (let line = address >>> LINE_SHIFT; line << LINE_SHIFT < address + bytes; line++) {
      if (counted[line >>> (PAGE_SHIFT - LINE_SHIFT)] !== 0) seen.add(line);
    }
  });
  const memory = new Uint8Array(cache.arena.memory.buffer);
  const keyAt = kernel.keyScratch!() >>> 0;
  const [counts, kinds]: number[][] = [[], []];
  for (let id = 0; id < times; id++) {
    const key = keyOf(id);
    for (let i = 0; i < key.length; i++) memory[keyAt + i] = key.charCodeAt(i);
    seen.clear();
    if (!operations[operation](kernel, key.length))
      throw new Error(`${operation} of ${key} failed`);
    counts![seen.size] = (counts![seen.size] ?? 0) + 1;
    for (const line of seen) {
      const kind = counted[line >>> (PAGE_SHIFT - LINE_SHIFT)]!;
      kinds![kind] = (kinds![kind] ?? 0) + 1;
    }
  }
  kernel.detach!();
  return { counts: counts!, kinds: kinds! };
}

/** How many lines the share of the operations with the fewest does not exceed. */
function quantile(counts: readonly number[], share: number): number {
  const all = counts.reduce((sum, count) => sum + (count ?? 0), 0);
  let many = 0;
  for (let below = counts[0] ?? 0; below < share * all; below += counts[many] ?? 0) many++;
  return many;
}

function nameOf(kind: number): string {
  if (kind === PAGE_WORDS) return 'page words';
  if (kind === LEAVES) return 'leaves';
  if (kind === SLABS + facts.CACHE_CELL) return 'cells';
  return kind === SLABS + facts.CACHE_ZSPAGE ? 'zspages' : 'other slabs';
}

function rowsOf(name: string, cache: SharedCache, times: number, options: SuiteOptions): Result[] {
  const operation = name.slice('lines-'.length) as Operation;
  const { counts, kinds } = countLines(cache, operation, times);
  const byKind = kinds.map((sum, kind) => `${nameOf(kind)} ${(sum / times).toFixed(2)}`);
  options.note(
    `${name}: of ${times}, by lines: ${counts.map((n) => n ?? 0).join(' ')}; ` +
      Object.values(byKind).join(', '),
  );
  const sum = counts.reduce((total, count, many) => total + (count ?? 0) * many, 0);
  return [
    { name, value: sum / times, unit: 'lines' },
    { name: `${name}-p99`, value: quantile(counts, 0.99), unit: 'lines' },
    { name: `${name}-max`, value: counts.length - 1, unit: 'lines' },
  ];
}

/** Cache lines of a get, and of a set, beyond those of the values. */
export const lines: Suite = async (options: SuiteOptions): Promise<Result[]> => {
  if (!isWanted(options, 'lines-get', 'lines-set')) return [];
  const least = options.isTiny ? 2000 : 1_000_000;
  const entries = fullest(least);
  using cache = open(entries);
  add(cache, 0, entries);
  // Of sets fewer: each takes as long as ten gets.
  const times = { 'lines-get': entries, 'lines-set': options.isTiny ? entries : entries / 8 };
  return Object.entries(times)
    .filter(([name]) => isWanted(options, name))
    .flatMap(([name, count]) => rowsOf(name, cache, Math.floor(count), options));
};
