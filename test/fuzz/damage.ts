/**
 * Damaged zones: flips bits of a zone, one at a time, and lets a thread work on.
 *
 *   node test/fuzz/damage.ts            every bit of the first page, every 97th of the first MiB
 *   node test/fuzz/damage.ts 0x480 8    bits from that byte on
 *   node test/fuzz/damage.ts metadata 500   of each kind of metadata so many bits, at random
 *   node test/fuzz/damage.ts all 0 8   of a small cache every bit of each line of its metadata in
 *                                      which anything stands, of the others one: the first of 8
 *                                      parts
 *
 * What must not come of it: a call that does not return, an error that is not typed, a wrong value,
 * a key that is missing while `check` finds the zone sound.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { SharedCache } from '../../src/index.ts';
import { numberOption } from '../support/number-option.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { allBits, metadataBits } from './damage-places.ts';
import { type DamageData, FEW_KEYS, type Finding, KEYS, makeValue } from './damage-values.ts';

export interface DamageReport {
  flips: number;
  hangs: number[];
  findings: Finding[];
}

/** A flip is some 30 ms; a wait that nobody can end is ended after five seconds. */
const FLIP_MS = PATIENCE_MS / 2;
const PAGE_BITS = 4096 * 8;
const MIB_BITS = 2 ** 20 * 8;

/** Every `step`-th bit from `first` to before `end`. */
export function every(step: number, first: number, end: number): number[] {
  return Array.from({ length: Math.ceil((end - first) / step) }, (_, i) => first + i * step);
}

/**
 * Bits that are chosen in each zone anew, as many: pages are not where they were in another one.
 */
export type Choose = (cache: SharedCache) => number[];

/** Flips each of these bits. After a hang, or when the zone cannot be used on, another one is. */
export async function damage(bits: number[] | Choose, keys = KEYS): Promise<DamageReport> {
  const report: DamageReport = { flips: 0, hangs: [], findings: [] };
  const choose = typeof bits === 'function' ? bits : () => bits;
  for (let isOver = false; !isOver; ) {
    const { flips, left, hung, findings } = await session(choose, report.flips, keys);
    report.findings.push(...findings);
    report.flips += flips;
    if (hung !== undefined) report.hangs.push(hung);
    isOver = flips >= left;
  }
  return report;
}

interface Session {
  flips: number;
  /** Bits that were to be flipped. */
  left: number;
  /** The last of them, if that never ended. */
  hung: number | undefined;
  findings: Finding[];
}

/** A zone, and a thread that damages it. */
async function session(choose: Choose, done: number, keys: number): Promise<Session> {
  const cache = new SharedCache({ maxSize: '4MiB' });
  fill(cache, keys);
  while (cache.arena.report().threads < 2) await sleep(1);
  const bits = choose(cache).slice(done);
  const bytes = new Uint8Array(cache.arena.memory.buffer);
  const sound = bytes.slice();
  const progress = new Int32Array(new SharedArrayBuffer(4));
  const workerData: DamageData = { handle: cache.handle, progress, bits, keys };
  const worker = new Worker(new URL('./damage-worker.ts', import.meta.url), { workerData });
  const findings: Finding[] = [];
  worker.on('message', (finding: Finding) => findings.push(finding));
  const ended = new Promise<'ended'>((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', () => resolve('ended'));
  });
  const end = await Promise.race([ended, watch(progress)]);
  // Whole again before the thread's death is noticed, which would be repaired.
  bytes.set(sound);
  await worker.terminate();
  bytes.set(sound);
  cache[Symbol.dispose]();
  const flips = Atomics.load(progress, 0);
  const hung = end === 'hung' ? bits[flips - 1] : undefined;
  return { flips, left: bits.length, hung, findings };
}

/** Keys that must not be missed, and some that have a time or a tag, and may be. */
function fill(cache: SharedCache, keys: number): void {
  const others = keys / 6;
  for (let i = 0; i < keys; i++) cache.set(`key ${i}`, makeValue(i, keys));
  for (let i = 0; i < others; i++)
    cache.set(`timed ${i}`, makeValue(i, keys), { ttl: 100_000 + i });
  for (let i = 0; i < others; i++) {
    cache.set(`tagged ${i}`, makeValue(i, keys), { tags: [`tag ${i % 5}`] });
    cache.namespace('space').set(`key ${i}`, makeValue(i, keys));
  }
  cache.deleteTag('tag 0');
  cache.getOrSetSync('computed', () => makeValue(1, keys));
}

/** Resolves when nothing moves any more. */
async function watch(progress: Int32Array): Promise<'hung'> {
  for (let seen = -1; ; ) {
    const now = Atomics.load(progress, 0);
    if (now === seen) return 'hung';
    seen = now;
    await sleep(FLIP_MS, undefined, { ref: false });
  }
}

/** What the command line asks for. */
function asked([what, ...rest]: string[]): Promise<DamageReport> {
  const [count = 8, parts = 1] = rest.map((text) => numberOption('a count', text));
  if (what === undefined) {
    return damage([...every(1, 0, PAGE_BITS), ...every(97, PAGE_BITS, MIB_BITS)]);
  }
  if (what === 'metadata') return damage((cache) => metadataBits(cache, count));
  if (what === 'all') return damage((cache) => allBits(cache, count, parts), FEW_KEYS);
  const first = numberOption('an address', what) * 8;
  return damage(every(1, first, first + count));
}

if (process.argv[1] === import.meta.filename) {
  const { flips, hangs, findings } = await asked(process.argv.slice(2));
  for (const bit of hangs) console.log(`hang at ${place(bit)}`);
  for (const { bit, what, detail } of findings) console.log(`${what} at ${place(bit)}: ${detail}`);
  console.log(`${flips} flips, ${hangs.length} hangs, ${findings.length} findings`);
  process.exit(hangs.length + findings.length === 0 ? 0 : 1);
}

function place(bit: number): string {
  return `0x${(bit >> 3).toString(16)} bit ${bit & 7}`;
}
