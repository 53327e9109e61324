/**
 * Small random programs, for comparing searches: few threads, few operations, few words.
 *
 * An operation is a call of a function with one memory instruction, so that a program is data. The
 * words are neighbours: 64-bit operations, single bytes and copies overlap several of them. Plain
 * operations race on purpose: they belong to the step before them.
 */
import asc from 'assemblyscript/asc';
import type { Body, Machine, Scenario } from '../index.ts';
import { type Instrumented, instrument } from '../instrument.ts';
import type { Random } from './random.ts';

const SOURCE = `
export function read(at: usize): u32 { return atomic.load<u32>(at); }
export function write(at: usize, value: u32): u32 { atomic.store<u32>(at, value); return 0; }
export function cas(at: usize, seen: u32, value: u32): u32 {
  return atomic.cmpxchg<u32>(at, seen, value);
}
export function add(at: usize, value: u32): u32 { return atomic.add<u32>(at, value); }
export function addWide(at: usize, value: u64): u32 {
  return u32(atomic.add<u64>(at, value << 32) >> 32);
}
export function writeByte(at: usize, value: u32): u32 {
  atomic.store<u8>(at + 1, u8(value));
  return 0;
}
export function readPlain(at: usize): u32 { return load<u32>(at); }
export function writePlain(at: usize, value: u32): u32 { store<u32>(at, value); return 0; }
export function copy(to: usize, from: usize): u32 { memory.copy(to, from, 4); return 0; }
export function wait(at: usize, seen: u32, timeout: i64): u32 {
  return atomic.wait<u32>(at, seen, timeout);
}
export function wake(at: usize, count: u32): u32 { return atomic.notify(at, count); }
`;

const FLAGS = [
  ...['p.ts', '--outFile=p.wasm', '--runtime=stub', '--importMemory', '--sharedMemory'],
  ...['--initialMemory=1', '--maximumMemory=1', '--enable=threads,bulk-memory'],
  ...['-O3', '--noAssert', '--debug'],
];

/** The operations of small programs, instrumented. */
export async function compileOperations(): Promise<Instrumented> {
  let bytes: Uint8Array | undefined;
  const { error } = await asc.main(FLAGS, {
    readFile: (name) => (name === 'p.ts' ? SOURCE : null),
    writeFile: (_name, contents) => {
      if (typeof contents !== 'string') bytes = contents;
    },
    listFiles: () => [],
  });
  if (error || bytes === undefined) throw error ?? new Error('nothing was compiled');
  return instrument(bytes);
}

/** One call: the name of an operation and its arguments. */
export type Operation = [name: string, ...args: (number | bigint)[]];

export const WORDS = 1024;
const WORD_COUNT = 3;

export interface ProgramShape {
  threads: number;
  operations: number;
  /** Waits and notifies as well. */
  parks?: boolean;
}

/** Draws the operations of each thread. */
export function drawProgram(random: Random, shape: ProgramShape): Operation[][] {
  return Array.from({ length: shape.threads }, () =>
    Array.from({ length: shape.operations }, () => drawOperation(random, shape.parks === true)),
  );
}

function drawOperation(random: Random, parks: boolean): Operation {
  const at = WORDS + 4 * random.below(WORD_COUNT);
  const small = random.below(3);
  const kinds: Operation[] = [
    ['read', at],
    ['write', at, 1 + small],
    ['cas', at, small, 1 + random.below(2)],
    ['add', at, 1],
    ['writeByte', at, 1 + small],
    ['addWide', WORDS, 1n],
    ['readPlain', at],
    ['writePlain', at, 1 + small],
    ['copy', at, WORDS + 4 * random.below(WORD_COUNT)],
    ['wait', at, 0, random.below(3) === 0 ? -1n : 1000n],
    ['wake', at, 1 + random.below(2)],
    ['wake', WORDS, 1],
    ['wait', WORDS, 0, 1000n],
  ];
  return kinds[random.below(parks ? kinds.length : 9)]!;
}

function bodyOf(operations: readonly Operation[]): Body {
  return async (thread) => {
    const answers: unknown[] = [];
    for (const [name, ...args] of operations) answers.push(await thread.call(name, ...args));
    return answers.join(' ');
  };
}

/** Everything that an execution leaves behind: words, results, the dead. */
export function finalState(machine: Machine): string {
  const words = Array.from({ length: WORD_COUNT + 1 }, (_, i) => machine.load(WORDS + 4 * i));
  return `${words.join(' ')} | ${machine.results.join(' / ')} | ${machine.killed.join(' ')}`;
}

export interface SmallScenario {
  scenario: Scenario;
  /** Final states of the executions so far. */
  states: Set<string>;
}

/** A scenario that collects its final states. */
export function small(wasm: Instrumented, program: readonly Operation[][]): SmallScenario {
  const states = new Set<string>();
  const scenario: Scenario = {
    wasm,
    memory: { pages64k: 1 },
    threads: program.map(bodyOf),
    check: (machine) => void states.add(finalState(machine)),
  };
  return { scenario, states };
}
