/**
 * Fills the stack with calls of the cache, again and again, each time 16 bytes further: the program
 * that overflows.ts runs, from the built package, on any Node.
 *
 *   node overflow-program.mjs main|worker overflows      prints what it has counted, as JSON
 *
 * Each overflow is a function that calls the cache and then itself, as runaway recursion does, until
 * the engine throws. What comes next is a plain program: more calls, and now and then a check.
 */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { SharedCache } from 'pageless';

const CHECK_EVERY = 100;
/** Words of stack that are left to the recursion: for some hundred calls. */
const ROOM = 3000;
/** 16 bytes. */
const STEP = 2;
/** Steps until the stack is as it was: more than a call's frames take. */
const STEPS = 600;

const long = new Uint8Array(100_000).map((_, i) => (i * i) >> 3);
const short = long.subarray(0, 2000);
let i = 0;

const calls = {
  set: (cache) => cache.set(`key ${i++ % 1500}`, short.subarray(i % 1000)),
  get: (cache) => cache.get(`key ${i++ % 1500}`),
  delete: (cache) => cache.delete(`key ${i++ % 1500}`) || cache.set(`key ${i % 1500}`, short),
  'long set': (cache) => cache.set(`long ${i++ % 9}`, long.subarray(i % 1000)),
  getOrSet: (cache) => cache.getOrSetSync(`key ${i++ % 1500}`, () => short),
  arena: ({ arena }) => {
    const folio = arena.allocFolio(i++ % 4);
    folio?.pin()[Symbol.dispose]();
    folio?.free();
  },
};

function fresh() {
  const cache = new SharedCache({ maxSize: '4MiB' });
  for (let key = 0; key < 1500; key++) cache.set(`key ${key}`, short);
  return cache;
}

/** Frames of these words leave less room to what comes then. */
function takeRoom(words, run) {
  return Reflect.apply((...padding) => [run(), padding.length], undefined, Array(words).fill(0));
}

/** How many words there are to take. */
function measure() {
  let fits = 0;
  for (let more = 1 << 20; more >= 64; more >>= 1) {
    try {
      takeRoom(fits + more, () => {});
      fits += more;
    } catch {
      // That is what is looked for.
    }
  }
  return fits;
}

function overflow(call, cache) {
  call(cache);
  overflow(call, cache);
}

const isFull = (error) => error instanceof RangeError && /call stack/.test(error.message);

async function run(overflows) {
  const figures = { overflows: 0, poisoned: 0, errors: {} };
  const note = (error) => {
    const what = error.code ?? `${error}`;
    figures.errors[what] = (figures.errors[what] ?? 0) + 1;
  };
  const room = measure() - ROOM;
  let cache = fresh();
  for (let round = 0; round < overflows; round++) {
    const of = Object.values(calls)[Math.floor(round / 7) % Object.keys(calls).length];
    try {
      takeRoom(room - (round % STEPS) * STEP, () => overflow(of, cache));
    } catch (error) {
      if (isFull(error)) figures.overflows++;
      else note(error);
    }
    // Half of them go on in the same turn, with the next call.
    if (round % 2 === 1) await null;
    try {
      cache.set('after', short);
      if (round % CHECK_EVERY === 0) cache.arena.check();
    } catch (error) {
      note(error);
      if (error.code !== 'ERR_PAGELESS_CORRUPTION') continue;
      figures.poisoned++;
      cache.close();
      cache = fresh();
    }
  }
  cache.arena.check();
  cache.close();
  return figures;
}

const [where, overflows] = isMainThread ? process.argv.slice(2) : workerData;
if (isMainThread && where === 'worker') {
  const worker = new Worker(new URL(import.meta.url), { workerData: ['worker', overflows] });
  const [figures] = await once(worker, 'message');
  console.log(JSON.stringify(figures));
} else {
  const figures = await run(Number(overflows));
  if (isMainThread) console.log(JSON.stringify(figures));
  else parentPort.postMessage(figures);
}
