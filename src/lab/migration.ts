/**
 * Moving a page, the kernel's way and the ways planned for Linux: time, memory, and who is refused.
 *
 * One thread moves blocks of one page that an owner's table leads to (kernel/lab/migration.ts). For
 * the refusals another thread reads the one block that is moved all the time, and measures how long
 * it gets no reference.
 */
import { Worker } from 'node:worker_threads';
import { MOVE_BUSY, MOVE_DONE, MOVE_KEEP, MOVE_REPLACE, MOVE_RESERVE } from '../generated/facts.ts';
import { compileLab, createLabMemory, type LabExports, type Layout, openLab } from './modules.ts';
import { type Contender, inTurn, type Plan } from './rounds.ts';

export interface Way {
  name: string;
  layout: Layout;
  way: number;
}

/** In the order of kernel/lab/migration.ts, which says what each does. */
export const ways: readonly Way[] = [
  { name: 'descriptor stays', layout: 'one-word', way: MOVE_KEEP },
  { name: 'descriptor replaced', layout: 'one-word', way: MOVE_REPLACE },
  { name: 'replaced, reserved before', layout: 'one-word', way: MOVE_RESERVE },
  { name: 'record copied', layout: 'struct-page', way: MOVE_KEEP },
];

export interface Migration {
  name: string;
  /** ns a move, its share of the grace period included. */
  ns: number;
  /** Kept until the grace period is over, a move. */
  waitingBytes: number;
  /** Of 64 moves, how many come about when 16 descriptors can be had. */
  doneWith16: number;
  /** How long a reader got no reference, in ns; and the share of moves that met a reader. */
  refused: Refusals;
  busyShare: number;
}

export interface Refusals {
  count: number;
  median: number;
  p99: number;
  longest: number;
}

/** Blocks that move in a pass, between two grace periods. */
const PASS = 64;
const BLOCKS = 512;
/** A reader looks on for so many rounds: what it meets is rare. */
const LOOK_ON = 8;

/** What a reader's thread is told; it answers with `Refusals`. */
export interface ReaderData {
  layout: Layout;
  memory: WebAssembly.Memory;
  owner: number;
  table: number;
  records: number;
  ms: number;
}

interface Stage {
  lab: LabExports;
  memory: WebAssembly.Memory;
  module: WebAssembly.Module;
  table: number;
}

function openStage(layout: Layout, blocks: number): Stage {
  const [module, memory] = [compileLab(layout), createLabMemory()];
  const lab = openLab(module, memory);
  const table = lab.openTable();
  if (table === 0 || lab.makeBlocks(blocks) !== blocks) throw new Error('the zone is too small');
  return { lab, memory, module, table };
}

function mover({ layout, way }: Way): Contender {
  const { lab } = openStage(layout, BLOCKS);
  let from = 0;
  const pass = (): number => {
    if (lab.moveBlocks(way, from, from + PASS) !== MOVE_DONE) throw new Error('a move failed');
    lab.settle();
    from = (from + PASS) % BLOCKS;
    return PASS;
  };
  return { pass };
}

function waitingOf({ layout, way }: Way): number {
  const { lab } = openStage(layout, PASS);
  lab.moveBlocks(way, 0, PASS);
  return lab.waitingBytes() / PASS;
}

function doneWith({ layout, way }: Way, descriptors: number): number {
  const { lab } = openStage(layout, PASS);
  lab.limitDescriptors(descriptors);
  let done = 0;
  while (done < PASS && lab.moveBlocks(way, done, done + 1) === MOVE_DONE) done++;
  return done;
}

async function refusalsOf({ layout, way }: Way, ms: number) {
  const { lab, memory, table } = openStage(layout, 1);
  const file = import.meta.url.endsWith('.ts') ? './reader.ts' : './reader.js';
  const data: ReaderData = { layout, memory, owner: 2, table, records: lab.recordsOfPages(), ms };
  const reader = new Worker(new URL(file, import.meta.url), { workerData: data });
  const told = new Promise<Refusals>((resolve, reject) => {
    reader.once('error', reject);
    reader.once('exit', () => reject(new Error('the reader ended early')));
    reader.on('message', (message: 'ready' | Refusals) => {
      if (message === 'ready') moves = moveUntil(lab, way, ms);
      else resolve(message);
    });
  });
  let moves = { moves: 0, busy: 0 };
  const refused = await told;
  await reader.terminate();
  return { refused, busyShare: moves.busy / Math.max(1, moves.moves + moves.busy) };
}

/**
 * Moves the one block again and again, with a grace period between: nobody moves a page twice at
 * once.
 */
function moveUntil(lab: LabExports, way: number, ms: number): { moves: number; busy: number } {
  const end = performance.now() + ms;
  const found = { moves: 0, busy: 0 };
  while (performance.now() < end) {
    const answer = lab.moveBlocks(way, 0, 1);
    if (answer === MOVE_DONE) found.moves++;
    else if (answer === MOVE_BUSY) found.busy++;
    else throw new Error(`a move failed: ${answer}`);
    lab.settle();
  }
  return found;
}

/** Measures all ways; those of time in turn. */
export async function measureMigration(plan: Plan): Promise<Migration[]> {
  const ns = inTurn(ways.map(mover), plan);
  const measured: Migration[] = [];
  for (const [index, way] of ways.entries()) {
    const { refused, busyShare } = await refusalsOf(way, plan.ms * plan.rounds * LOOK_ON);
    measured.push({
      name: way.name,
      ns: ns[index]!,
      waitingBytes: waitingOf(way),
      doneWith16: doneWith(way, 16),
      refused,
      busyShare,
    });
  }
  return measured;
}
