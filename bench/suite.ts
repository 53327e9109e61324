/**
 * What every suite shares: results, medians, tables, pinning.
 *
 * A ratio is ours divided by the peer's, both measured in turn in the same run: for times below 1
 * is better, for throughputs above 1. Medians over at least five rounds, because machines are
 * noisy; threads are pinned, because two workers on one CPU measure something else.
 */
import { execFileSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../src/lab/rounds.ts';

export interface Result {
  name: string;
  value: number;
  unit: string;
  /** First and third quartile of the rounds, where there were several. */
  quartiles?: [number, number];
  peer?: string;
  ratio?: number;
  /** Quartiles of the rounds' ratios. */
  ratioQuartiles?: [number, number];
}

export interface SuiteOptions {
  /** Seconds-long instead of minutes-long: proves that the suite runs, measures nothing. */
  isTiny: boolean;
  /** A sentence to be read with the numbers; printed below the table. */
  note(text: string): void;
  /** Says in the table that a row has no comparison with `peer`, which is not installed. */
  leaveOut(name: string, peer: string): void;
  /** Rows that are asked for, by pattern; all without. Suites of many rows look at it. */
  rows?: RegExp;
  /** A folder of outside data: cache traces. */
  traces?: string;
}

export type Suite = (options: SuiteOptions) => Promise<Result[]>;

/** The values that a quarter, and three quarters, of all are below. */
export function quartiles(values: number[]): [number, number] {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  return [at(0.25), at(0.75)];
}

const LOOK_MS = 5;
/** Two seconds: what takes longer is not what a round has left behind. */
const LOOKS = 400;
/** Of one CPU. */
const AT_REST = 0.1;

/**
 * Resolves when the threads of this process rest. What goes on behind a round, as a collector does
 * and who unmaps memory, would be on the next subject's account: on the CPU that it needs. With a
 * million entries each, a set of ours after one of lru-cache's took up to twenty times as long.
 */
export async function atRest(): Promise<void> {
  for (let look = 0; look < LOOKS; look++) {
    const before = process.cpuUsage();
    await sleep(LOOK_MS);
    const { user, system } = process.cpuUsage(before);
    if (user + system < AT_REST * LOOK_MS * 1000) return;
  }
}

/** Twice what the supervisor waits before it collects (src/threads/supervisor.ts). */
const COLLECTS_WITHIN_MS = 100;

/**
 * The same when a cache or an arena was closed: first nothing, then for some 50 ms of processor
 * time the supervisor collects what it knew of it, on the CPU that it has of its creator.
 */
export async function atRestAfterClose(): Promise<void> {
  await sleep(COLLECTS_WITHIN_MS);
  await atRest();
}

/**
 * Measures all subjects in turn, `rounds` times, so that what the machine does meanwhile happens to
 * all of them, and each when the one before has come to rest. @returns the figures of each, by
 * round
 */
export async function roundsInTurn(
  rounds: number,
  subjects: Map<string, () => Promise<number>>,
): Promise<Map<string, number[]>> {
  const figures = new Map([...subjects.keys()].map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, measure] of subjects) {
      await atRest();
      figures.get(name)!.push(await measure());
    }
  }
  return figures;
}

/** Like `roundsInTurn`. @returns the median of each */
export async function inTurn(
  rounds: number,
  subjects: Map<string, () => Promise<number>>,
): Promise<Map<string, number>> {
  const figures = await roundsInTurn(rounds, subjects);
  return new Map([...figures].map(([name, values]) => [name, median(values)]));
}

/** A row from the rounds of ours and of a peer's: medians, and quartiles of what a round gave. */
export function rowOf(
  name: string,
  unit: string,
  ours: number[],
  peer?: [name: string, rounds: number[]],
): Result {
  const own = { name, value: median(ours), quartiles: quartiles(ours), unit };
  if (peer === undefined) return own;
  const ratios = ours.map((value, round) => value / peer[1][round]!);
  return { ...own, peer: peer[0], ratio: median(ratios), ratioQuartiles: quartiles(ratios) };
}

/** Pins the calling thread to a CPU, where the system can. */
export function pinThread(cpu: number): boolean {
  try {
    const thread = readlinkSync('/proc/thread-self').split('/').at(-1) ?? '';
    execFileSync('taskset', ['-cp', String(cpu % os.cpus().length), thread], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export function machine(): string {
  const [cpu] = os.cpus();
  return `${os.cpus().length} x ${cpu?.model.trim()}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.platform()} ${os.release()}`;
}

/** Three significant digits, thousands separated. */
export function figure(value: number): string {
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)));
  return value.toLocaleString('en', {
    maximumFractionDigits: digits,
    minimumFractionDigits: digits,
  });
}

/** Two quartiles, or nothing. */
export function range(quartiles?: [number, number]): string {
  return quartiles === undefined ? '' : quartiles.map(figure).join('–');
}

/** Rows of equal cells, the first column to the left, the others to the right. */
export function table(rows: string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
        )
        .join('  '),
    )
    .join('\n');
}
