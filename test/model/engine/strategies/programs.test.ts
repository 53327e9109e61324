/** Searches agree on hundreds of small random programs, kills and waits among them. */
import assert from 'node:assert/strict';
import { testsApart } from '../apart.ts';
import { explore, type Report, type Scenario } from '../index.ts';
import type { Instrumented } from '../instrument.ts';
import { Random } from './random.ts';
import {
  compileOperations,
  drawProgram,
  type Operation,
  type ProgramShape,
  small,
} from './small-programs.ts';
import { TraceKey } from './trace-key.ts';

const test = testsApart(import.meta.url);

let compiled: Promise<Instrumented> | undefined;
const operations = (): Promise<Instrumented> => (compiled ??= compileOperations());

interface Case {
  name: string;
  program: Operation[][];
  recovery: Operation[];
  kills: number;
}

const PARKING: ProgramShape[] = [
  { threads: 2, operations: 4, parks: true },
  { threads: 3, operations: 2, parks: true },
];
const PLAIN: ProgramShape[] = [
  { threads: 2, operations: 4 },
  { threads: 3, operations: 2 },
];

function draw(seed: number, shapes: readonly ProgramShape[], kills = 0): Case {
  const random = new Random(seed);
  const program = drawProgram(random, shapes[random.below(shapes.length)]!);
  const [recovery] = drawProgram(random, { threads: 1, operations: 2, parks: true });
  const text = JSON.stringify([program, recovery], (_key, value) =>
    typeof value === 'bigint' ? `${value}n` : value,
  );
  return { name: `seed ${seed}: ${text}`, program, recovery: recovery!, kills };
}

interface Outcome {
  report: Report;
  states: string[];
}

async function outcomeOf(
  { program, recovery, kills }: Case,
  options: Partial<Scenario> = {},
): Promise<Outcome> {
  const { scenario, states } = small(await operations(), program);
  scenario.mode = 'depth-first';
  const recover: Scenario['recover'] = async (thread) => {
    for (const [name, ...args] of recovery) await thread.call(name, ...args);
  };
  const report = await explore({
    ...scenario,
    kills,
    ...(kills > 0 ? { recover } : {}),
    ...options,
  });
  return { report, states: [...states].sort() };
}

/** Plain and reduced search both fail, or end in the same states. Gives the executions cut. */
async function compare(it: Case): Promise<number> {
  const all = await outcomeOf(it);
  const few = await outcomeOf(it, { mode: 'dpor' });
  assert.equal(few.report.failure?.kind, all.report.failure?.kind, it.name);
  if (all.report.failure) return 0;
  assert.deepEqual([few.report.complete, few.states], [true, all.states], it.name);
  assert.ok(few.report.executions <= all.report.executions, it.name);
  return few.report.cut;
}

test('reduced and plain search end in the same states: 200 programs that wait', async () => {
  let cut = 0;
  for (let seed = 1; seed <= 200; seed++) cut += await compare(draw(seed, PARKING));
  // Some are cut if the order that a time-out makes is not taken into account.
  assert.equal(cut, 0);
});

test('reduced and plain search end in the same states: 60 programs with a kill', async () => {
  const shapes = PARKING.map((shape) => ({ ...shape, operations: 5 - shape.threads }));
  for (let seed = 1; seed <= 60; seed++) await compare(draw(seed, shapes, 1));
});

test('reduced and plain search end in the same states: 30 programs with two kills', async () => {
  const shapes = [{ threads: 2, operations: 2, parks: true }];
  for (let seed = 1; seed <= 30; seed++) await compare(draw(seed, shapes, 2));
});

test('steps that do something else before a step than after it: three programs', async () => {
  // Source sets as in the paper lose a state of each; see dpor.ts.
  const wait = (at: number): Operation => ['wait', at, 0, 1000n];
  const programs: Omit<Case, 'name' | 'recovery'>[] = [
    {
      program: [
        [wait(1028), ['writePlain', 1032, 1]],
        [
          ['wake', 1024, 1],
          ['cas', 1028, 0, 1],
        ],
        [
          ['wake', 1028, 2],
          ['writePlain', 1024, 3],
        ],
      ],
      kills: 0,
    },
    {
      program: [
        [['add', 1024, 1], wait(1032)],
        [wait(1024), ['cas', 1028, 1, 1]],
        [
          ['write', 1032, 3],
          ['copy', 1032, 1024],
        ],
      ],
      kills: 1,
    },
    {
      program: [
        [
          ['wake', 1028, 1],
          ['cas', 1032, 0, 2],
        ],
        [wait(1024), ['write', 1028, 1]],
        [
          ['read', 1028],
          ['add', 1024, 1],
        ],
      ],
      kills: 2,
    },
  ];
  for (const [i, it] of programs.entries()) {
    await compare({ ...it, name: `program ${i}`, recovery: [['wake', 1024, 1]] });
  }
});

test('reduced search runs each class of executions once: 100 programs', async () => {
  for (let seed = 1; seed <= 100; seed++) {
    const it = draw(seed, PLAIN);
    const [all, few] = [await keysOf(it, 'depth-first'), await keysOf(it, 'dpor')];
    assert.equal(few.length, new Set(few).size, it.name);
    assert.deepEqual(few.sort(), [...new Set(all)].sort(), it.name);
  }
});

/** The class of each execution. */
async function keysOf(it: Case, mode: 'depth-first' | 'dpor'): Promise<string[]> {
  const { scenario } = small(await operations(), it.program);
  let words: Uint32Array = new Uint32Array();
  const observer = new TraceKey(() => words);
  const keys: string[] = [];
  await explore({
    ...scenario,
    mode,
    observer,
    setup: (machine) => {
      words = machine.words;
    },
    check: () => void keys.push(observer.take()),
  });
  return keys;
}

test('a bounded search sees a part, and all when its bound is high enough: 40 programs', async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const it = draw(seed, PLAIN);
    const few = await outcomeOf(it, { mode: 'dpor' });
    let last: string[] = [];
    for (const bound of [0, 1, 2, 3, 8]) {
      const { states } = await outcomeOf(it, { bound });
      assert.ok(
        last.every((state) => states.includes(state)),
        it.name,
      );
      assert.ok(
        states.every((state) => few.states.includes(state)),
        it.name,
      );
      last = states;
    }
    assert.deepEqual(last, few.states, it.name);
  }
});

/** Final states, whoever died first: the recoveries of two deaths are interchangeable. */
function unordered({ states }: Outcome, threads: number): string[] {
  const sorted = states.map((state) => {
    const [words, results, killed = ''] = state.split(' | ');
    const all = results!.split(' / ');
    const recoveries = all.slice(threads).sort();
    return [words, ...all.slice(0, threads), recoveries, killed.split(' ').sort()].join('|');
  });
  return [...new Set(sorted)].sort();
}

/** A bounded search that leaves nothing out, not even deaths, against the reduced one. */
async function compareBounded(it: Case, bounds: readonly number[]): Promise<void> {
  for (const bound of bounds) {
    const all = await outcomeOf(it, { bound, everyDeath: true });
    const few = await outcomeOf(it, { bound, mode: 'bounded' });
    const name = `bound ${bound}, ${it.name}`;
    assert.equal(few.report.failure?.kind, all.report.failure?.kind, name);
    if (all.report.failure) continue;
    const threads = it.program.length;
    assert.equal(few.report.complete, true, name);
    assert.deepEqual(unordered(few, threads), unordered(all, threads), name);
    assert.ok(few.report.executions + few.report.cut <= all.report.executions, name);
  }
}

test('within a bound nothing is lost: 200 programs that wait', async () => {
  for (let seed = 1; seed <= 200; seed++) await compareBounded(draw(seed, PARKING), [0, 1, 2, 3]);
});

test('within a bound nothing is lost: 100 programs with a kill', async () => {
  const shapes = PARKING.map((shape) => ({ ...shape, operations: 5 - shape.threads }));
  for (let seed = 1; seed <= 100; seed++) await compareBounded(draw(seed, shapes, 1), [0, 1, 2]);
});

test('within a bound nothing is lost: 40 programs with two kills', async () => {
  const shapes = [{ threads: 2, operations: 2, parks: true }];
  for (let seed = 1; seed <= 40; seed++) await compareBounded(draw(seed, shapes, 2), [0, 1, 2]);
});
