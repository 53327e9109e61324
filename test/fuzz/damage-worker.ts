/**
 * Damages its zone, one bit at a time, and works on: the worker of damage.ts.
 *
 * Before each flip the memory is what it was, so each is alone. After a call that threw the thread
 * comes anew, because its instance may have stopped anywhere. If a thread has lost its slot, the
 * memory as it was has one too many: then this zone is used no longer.
 */
import { parentPort, workerData } from 'node:worker_threads';
import * as facts from '../../src/generated/facts.ts';
import { PagelessError, SharedCache } from '../../src/index.ts';
import { type DamageData, type Finding, makeValue } from './damage-values.ts';

const { handle, progress, bits, keys } = workerData as DamageData;
/** Of each kind of call so many, all of different keys. */
const some = Math.floor(keys / 7);
let cache = SharedCache.attach(handle);
const bytes = new Uint8Array(cache.arena.memory.buffer);
const values = Array.from({ length: keys }, (_, i) => makeValue(i, keys));
let sound = bytes.slice();

function tell(finding: Finding): void {
  parentPort!.postMessage(finding);
}

/** Reads every key. @returns how many are missing; throws at a wrong value */
function readAll(): number {
  let missing = 0;
  for (const [i, value] of values.entries()) {
    const found = cache.get(`key ${i}`) as Uint8Array | undefined;
    if (found === undefined) missing++;
    else if (Buffer.compare(found, value) !== 0) throw new Error(`wrong value of key ${i}`);
  }
  return missing;
}

const steps: (() => unknown)[] = [
  () => {
    for (let i = 0; i < some; i++) cache.set(`new ${i}`, values[i * 5]!);
    for (let i = 0; i < some; i++) cache.set(`key ${i * 3}`, values[i * 3]!);
    for (let i = 0; i < some / 2; i++) cache.delete(`new ${i}`);
    cache.set('long', new Uint8Array(100_000), { ttl: 1000 });
    for (let i = 0; i < some / 2; i++) cache.has(`key ${i}`);
  },
  () => [...cache.keys()],
  () => cache.stats(),
  () => cache.arena.report(),
  () => {
    const { arena } = cache;
    const pfn = arena.allocPages(2);
    if (pfn !== undefined) arena.freePages(pfn, 2);
    const folio = arena.allocFolio(1);
    using pin = folio?.pin();
    pin?.lock();
    pin?.unlock();
    const objects = arena.createObjectCache({ name: 'damage', bytes: 64 });
    const object = objects.alloc();
    if (object !== undefined) objects.free(object);
  },
  () => cache.arena.compact({ budgetMs: 2 }),
  () => cache.arena.check(),
  () => {
    cache.getOrSetSync('computed anew', () => values[2]!);
    cache.namespace('space').set('key', values[3]!);
    cache.namespace('space').clear();
    cache.deleteTag('tag 1');
  },
  () => {
    for (let i = 0; i < keys; i++) cache.set(`more ${i}`, values[1]!.subarray(0, 37 + i));
  },
  () => cache.clear(),
];

/** Runs a step. @returns whether it threw; notes what it should not have thrown */
function attempt(bit: number, step: () => unknown): unknown {
  try {
    step();
    return undefined;
  } catch (error) {
    if (!(error instanceof PagelessError)) {
      const { message, stack } = error as Error;
      const what = message.startsWith('wrong value') ? 'wrong value' : 'untyped';
      tell({ bit, what, detail: stack ?? message });
    }
    return error;
  }
}

/** Whether all slots belong to whom they belonged. */
function haveAllSlots(): boolean {
  for (let slot = 1; slot <= 3; slot++) {
    const at = facts.SLOT_TABLE + slot * facts.SLOT_BYTES;
    if (Buffer.compare(bytes.subarray(at, at + 8), sound.subarray(at, at + 8)) !== 0) return false;
  }
  return true;
}

/** @returns whether the zone can be used on */
function tryFlip(bit: number): boolean {
  let missing = 0;
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  let hasThrown = false;
  const run = (step: () => unknown) => {
    const error = attempt(bit, step);
    hasThrown ||= error !== undefined;
    return error;
  };
  const isRead = run(() => {
    missing = readAll();
  });
  const isChecked = run(() => cache.arena.check());
  if (!isRead && !isChecked && missing > 0) {
    tell({ bit, what: 'silently missing', detail: `${missing} keys` });
  }
  for (const step of steps) run(step);
  const isWhole = haveAllSlots();
  bytes.set(sound);
  if (!isWhole) return false;
  if (!hasThrown) return true;
  cache[Symbol.dispose]();
  cache = SharedCache.attach(handle);
  sound = bytes.slice();
  return true;
}

for (const [i, bit] of bits.entries()) {
  Atomics.store(progress, 0, i + 1);
  if (!tryFlip(bit)) break;
}
cache[Symbol.dispose]();
