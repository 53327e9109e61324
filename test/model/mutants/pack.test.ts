/** A silence is told from a search that does not end: the first is no verdict. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Catch, Hunt } from './hunt.ts';
import { huntAll } from './pack.ts';

/** A hunter whose mutants' sources say what it does. */
const hunter = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from 'node:worker_threads';
    const sleep = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    parentPort.on('message', ({ source }) => {
      parentPort.postMessage('compiling');
      if (source === 'compile') sleep();
      parentPort.postMessage('searching');
      if (source === 'loop') while (true);
      if (source === 'nothing') return parentPort.postMessage({ verdict: 'none', story: 'at all' });
      parentPort.postMessage({ verdict: 'survived', story: 'to tell' });
    });`)}`,
);

async function outcomesOf(...sources: string[]): Promise<Catch[]> {
  const rest = { file: '', scenarios: [], walks: [], rest: [], maxSeconds: 1 };
  const hunts: Hunt[] = sources.map((source) => ({
    name: source,
    key: source,
    number: 0,
    source,
    ...rest,
  }));
  const outcomes: Catch[] = [];
  const patience = { silenceMs: 100, compileMs: 1000 };
  await huntAll(hunts, 1, {}, (_, outcome) => outcomes.push(outcome), patience, hunter);
  return outcomes;
}

test('a compiler that is silent is no verdict, and the next mutant is hunted', async () => {
  const [silent, next] = await outcomesOf('compile', 'other');
  assert.deepEqual(silent, { verdict: 'none', story: 'the compiler was not over in time' });
  assert.equal(next?.verdict, 'survived');
});

test('a search that does not end catches the mutant', async () => {
  const [loop, next] = await outcomesOf('loop', 'other');
  assert.deepEqual(loop, { verdict: 'caught', story: 'a call does not end' });
  assert.equal(next?.verdict, 'survived');
});

test('what the hunter cannot say remains unsaid', async () => {
  const [none] = await outcomesOf('nothing');
  assert.deepEqual(none, { verdict: 'none', story: 'at all' });
});
