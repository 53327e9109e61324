/**
 * Damaged zones: flips bits of a zone, one at a time, and lets a thread work on.
 *
 *   node test/fuzz/damage.ts            every bit of the first page, every 97th of the first MiB
 *   node test/fuzz/damage.ts 0x480 8    bits from that byte on
 *
 * What must not come of it: a call that does not return, an error that is not typed, a wrong value,
 * a key that is missing while `check` finds the zone sound.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { SharedCache } from '../../src/index.ts';
import { type DamageData, type Finding, KEYS, makeValue } from './damage-values.ts';

export interface DamageReport {
  flips: number;
  hangs: number[];
  findings: Finding[];
}

/** A flip is some 30 ms; a wait that nobody can end is ended after five seconds. */
const PATIENCE_MS = 30_000;
const PAGE_BITS = 4096 * 8;
const MIB_BITS = 2 ** 20 * 8;

/** Every `step`-th bit from `first` to before `end`. */
export function every(step: number, first: number, end: number): number[] {
  return Array.from({ length: Math.ceil((end - first) / step) }, (_, i) => first + i * step);
}

/** Flips each of these bits. After a hang, or when the zone cannot be used on, another one is. */
export async function damage(bits: number[]): Promise<DamageReport> {
  const report: DamageReport = { flips: bits.length, hangs: [], findings: [] };
  for (let done = 0; done < bits.length; ) {
    const { flips, hasHung, findings } = await session(bits.slice(done));
    report.findings.push(...findings);
    done += flips;
    if (hasHung) report.hangs.push(bits[done - 1]!);
  }
  return report;
}

interface Session {
  flips: number;
  /** Whether the last of them never ended. */
  hasHung: boolean;
  findings: Finding[];
}

/** A zone, and a thread that damages it. */
async function session(bits: number[]): Promise<Session> {
  const cache = new SharedCache({ maxSize: '4MiB' });
  for (let i = 0; i < KEYS; i++) cache.set(`key ${i}`, makeValue(i));
  while (cache.arena.report().threads < 2) await sleep(1);
  const bytes = new Uint8Array(cache.arena.memory.buffer);
  const sound = bytes.slice();
  const progress = new Int32Array(new SharedArrayBuffer(4));
  const workerData: DamageData = { handle: cache.handle, progress, bits };
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
  return { flips: Atomics.load(progress, 0), hasHung: end === 'hung', findings };
}

/** Resolves when nothing moves any more. */
async function watch(progress: Int32Array): Promise<'hung'> {
  for (let seen = -1; ; ) {
    const now = Atomics.load(progress, 0);
    if (now === seen) return 'hung';
    seen = now;
    await sleep(PATIENCE_MS, undefined, { ref: false });
  }
}

if (process.argv[1] === import.meta.filename) {
  const [first, count] = process.argv.slice(2).map(Number);
  const bits =
    first === undefined
      ? [...every(1, 0, PAGE_BITS), ...every(97, PAGE_BITS, MIB_BITS)]
      : every(1, first * 8, first * 8 + (count ?? 8));
  const { flips, hangs, findings } = await damage(bits);
  for (const bit of hangs) console.log(`hang at ${place(bit)}`);
  for (const { bit, what, detail } of findings) console.log(`${what} at ${place(bit)}: ${detail}`);
  console.log(`${flips} flips, ${hangs.length} hangs, ${findings.length} findings`);
  process.exit(hangs.length + findings.length === 0 ? 0 : 1);
}

function place(bit: number): string {
  return `0x${(bit >> 3).toString(16)} bit ${bit & 7}`;
}
