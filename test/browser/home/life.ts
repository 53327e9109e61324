/**
 * What threads/life-lock.ts stands on: a lock that was held by a worker is granted to somebody else
 * only when the worker has run its last instruction.
 */

/** Long enough that a worker that lives on would be seen to count. */
const WATCH_MS = 30;

const HANDS = 100;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Terminates one that counts. @returns how far it counted after the grant */
async function terminateOne(index: number): Promise<{ late: number; counted: number }> {
  const counter = new Int32Array(new SharedArrayBuffer(4));
  const name = `life ${index} ${Math.random()}`;
  const worker = new Worker('/life-worker.js', { type: 'module' });
  worker.postMessage({ counter, name });
  await new Promise((resolve) => {
    worker.onmessage = resolve;
  });
  while (Atomics.load(counter, 0) === 0) await sleep(5);
  const granted = navigator.locks.request(name, () => Atomics.load(counter, 0));
  worker.terminate();
  const counted = await granted;
  await sleep(WATCH_MS);
  return { late: Atomics.load(counter, 0) - counted, counted };
}

/** Terminates many, some at a time: in Chromium one that counts lives on for two seconds. */
async function run(workers: number): Promise<{ late: number; seen: number }> {
  const sum = { late: 0, seen: 0 };
  let next = 0;
  const hand = async () => {
    while (next < workers) {
      const { late, counted } = await terminateOne(next++);
      sum.late += late;
      if (counted !== 0) sum.seen++;
    }
  };
  await Promise.all(Array.from({ length: HANDS }, hand));
  return sum;
}

/**
 * The control: a worker that asks for its lock and counts in the same task. @returns how far it got
 */
async function unasked(): Promise<number> {
  const counter = new Int32Array(new SharedArrayBuffer(4));
  const name = `unasked ${Math.random()}`;
  const worker = new Worker('/life-worker.js', { type: 'module' });
  worker.postMessage({ counter, name, isHasty: true });
  while (Atomics.load(counter, 0) === 0) await sleep(5);
  const granted = await navigator.locks.request(
    name,
    { ifAvailable: true },
    (lock) => lock !== null,
  );
  const before = Atomics.load(counter, 0);
  while (Atomics.load(counter, 0) === before) await sleep(5);
  const counted = Atomics.load(counter, 0) - before;
  worker.terminate();
  return granted ? counted : 0;
}

Object.assign(globalThis, { run, unasked });
