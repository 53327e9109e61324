/**
 * The shapes as WebAssembly: one function for each thread of each shape and kind of access.
 *
 * A *batch* is BATCH rounds, each with a *cell* of its own: its variables, a cache line each. A
 * thread's function goes through the cells in order. Before each it *meets* the others: says which
 * round it has come to and spins until all are there, but not for long, for there may be fewer CPUs
 * than threads. Then it dawdles for a few loads, by chance, so that all offsets between threads are
 * tried. After a batch `judge` counts outcomes and clears the cells.
 *
 *   [64]                 threads that have come to the barrier
 *   [128]                barriers passed
 *   [PROGRESS + 64 t]    round that thread t has come to
 *   [COUNTS + …]         how often each outcome was seen, by thread that judged
 *   [READ + …]           registers, by register and round
 *   [CELLS + …]          variables, by round
 *
 * Compiled without optimisation: the order in the module is the order of the shape, and whatever
 * is reordered is reordered by the engine or the CPU.
 */
import asc from 'assemblyscript/asc';
import { OUTCOMES } from './sequential.ts';
import { type Program, REGISTERS, type Statement, VARIABLES } from './shapes.ts';

export type Access = 'atomic' | 'plain';

export const MAX_THREADS = 4;
export const BATCH = 1024;
const LINE = 64;
/** From here on everything is cleared between two runs. */
const PROGRESS = 256;
const COUNTS = 65536;
const COUNT_BYTES = OUTCOMES * 4;
const READ = COUNTS + MAX_THREADS * COUNT_BYTES;
const CELLS = READ + REGISTERS * BATCH * 4;
const CELL_BYTES = VARIABLES * LINE;

/** 64 KiB pages of memory. */
export const MEMORY_PAGES: number = Math.ceil((CELLS + BATCH * CELL_BYTES) / 65536);

/** Spins before a thread goes to sleep at a barrier: some microseconds. */
const BARRIER_SPINS = 2000;

const COMMON = `
export function barrier(threads: u32): void {
  let passed = atomic.load<u32>(128);
  if (atomic.add<u32>(64, 1) + 1 == threads) {
    atomic.store<u32>(64, 0);
    atomic.add<u32>(128, 1);
    atomic.notify(128, -1);
    return;
  }
  for (let i: u32 = 0; i < ${BARRIER_SPINS}; i++) if (atomic.load<u32>(128) != passed) return;
  while (atomic.load<u32>(128) == passed) atomic.wait<u32>(128, passed, -1);
}

let chance: u32 = 0; // a WebAssembly global: each thread has its own

function meet(thread: u32, threads: u32, round: u32, patience: u32): void {
  let own: usize = ${PROGRESS} + thread * ${LINE};
  atomic.store<u32>(own, round);
  for (let other: u32 = 0; other < threads; other++) {
    for (let i: u32 = 0; i < patience; i++) {
      if (i32(atomic.load<u32>(${PROGRESS} + other * ${LINE}) - round) >= 0) break;
    }
  }
  chance = chance * 1664525 + 1013904223 + thread;
  for (let i: u32 = chance >> 28; i > 0; i--) atomic.load<u32>(own);
}

export function judge(thread: u32, threads: u32): void {
  let end: u32 = ${BATCH} * (thread + 1) / threads;
  for (let i: u32 = ${BATCH} * thread / threads; i < end; i++) {
    let outcome: u32 = 0;
    for (let r: u32 = 0; r < ${REGISTERS}; r++) {
      outcome |= load<u32>(${READ} + (r * ${BATCH} + i) * 4) << (r * 2);
    }
    for (let v: u32 = 0; v < ${VARIABLES}; v++) {
      let at: usize = ${CELLS} + i * ${CELL_BYTES} + v * ${LINE};
      outcome |= load<u32>(at) << (${2 * REGISTERS} + v * 2);
      store<u32>(at, 0);
    }
    let count: usize = ${COUNTS} + thread * ${COUNT_BYTES} + outcome * 4;
    store<u32>(count, load<u32>(count) + 1);
  }
}
`;

/** Name of the export that is one thread of a shape. */
export function exportName(shape: string, access: Access, thread: number): string {
  return `${shape}_${access}_${thread}`;
}

function line(step: Statement, access: Access): string {
  const { kind, variable, operand, guard } = step;
  const prefix = access === 'atomic' && !step.isPayload ? 'atomic.' : '';
  const at = `at + ${variable * LINE}`;
  const text =
    kind === 'write'
      ? `${prefix}store<u32>(${at}, ${operand});`
      : `r${operand} = ${prefix}load<u32>(${at});`;
  return guard ? `if (r${guard.register} ${guard.isNegated ? '==' : '!='} 0) ${text}` : text;
}

function body({ shape, threads }: Program, access: Access, thread: number): string {
  const steps = threads[thread]!;
  const reads = steps.filter(({ kind }) => kind === 'read');
  const registers = [...new Set(reads.map(({ operand }) => operand))];
  return `
export function ${exportName(shape.name, access, thread)}(first: u32, patience: u32): void {
  for (let i: u32 = 0; i < ${BATCH}; i++) {
    ${registers.map((r) => `let r${r}: u32 = 0;`).join(' ')}
    let at: usize = ${CELLS} + i * ${CELL_BYTES};
    meet(${thread}, ${threads.length}, first + i, patience);
    ${steps.map((step) => line(step, access)).join('\n    ')}
    ${registers.map((r) => `store<u32>(${READ} + (${r * BATCH} + i) * 4, r${r});`).join(' ')}
  }
}
`;
}

function sourceOf(programs: readonly Program[]): string {
  const bodies = programs.flatMap((program) =>
    (['atomic', 'plain'] as const).flatMap((access) =>
      program.threads.map((_, thread) => body(program, access, thread)),
    ),
  );
  return COMMON + bodies.join('');
}

/** One module for all programs. */
export async function compile(programs: readonly Program[]): Promise<Uint8Array> {
  const flags = ['litmus.ts', '--outFile=litmus.wasm', '--runtime=stub', '--importMemory'];
  const pages = [`--initialMemory=${MEMORY_PAGES}`, `--maximumMemory=${MEMORY_PAGES}`];
  const source = sourceOf(programs);
  let bytes: Uint8Array | null = null;
  const { error, stderr } = await asc.main(
    [...flags, ...pages, '--sharedMemory', '--enable=threads'],
    {
      readFile: (name) => (name === 'litmus.ts' ? source : null),
      writeFile: (_name, contents) => {
        bytes = contents as Uint8Array;
      },
      listFiles: () => [],
    },
  );
  if (error || bytes === null) throw new Error(`${error?.message}\n${stderr.toString()}`);
  return bytes;
}

/** Forgets what earlier runs counted and left in progress, registers and cells. */
export function clear(memory: SharedArrayBuffer): void {
  new Uint8Array(memory, PROGRESS).fill(0);
}

/** How often each outcome was seen. */
export function countsIn(memory: SharedArrayBuffer): Map<number, number> {
  const words = new Uint32Array(memory, COUNTS, MAX_THREADS * OUTCOMES);
  const counts = new Map<number, number>();
  for (let i = 0; i < words.length; i++) {
    if (words[i] === 0) continue;
    const outcome = i % OUTCOMES;
    counts.set(outcome, (counts.get(outcome) ?? 0) + words[i]!);
  }
  return counts;
}
