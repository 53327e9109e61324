/**
 * What is kept of a history that cannot be explained: all that is known, in a file, so that it can
 * be looked at and judged again when the run is long over.
 *
 * The file has a line of JSON for the run (`Head`) and one for each operation: all of the violated
 * key, and of the other keys those that were under way shortly before, in the order of their ends.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Violation } from './checker.ts';
import type { Rules } from './judge.ts';
import type { Operation } from './key-model.ts';

/** A thread's end, by the clock of the operations. */
export interface Death {
  readonly writer: number;
  /** The number under which the cache knew it. */
  readonly thread: number;
  readonly killedAt: number;
  /** None of its code ran any more. */
  readonly endedAt: number;
  /** What it left was repaired. */
  readonly buriedAt: number;
}

/** Entries that had been evicted in all by then. */
export interface Sample {
  readonly at: number;
  readonly evictions: number;
}

interface Head {
  readonly seed: number;
  readonly rules: Rules;
  readonly violation: Violation<Operation>;
  readonly deaths: readonly Death[];
  readonly samples: readonly Sample[];
}

export interface Evidence extends Head {
  readonly operations: readonly Operation[];
}

/** Ticks before the violation from which on operations of other keys are kept. */
const SHORTLY = 5000;

/** Chooses what is kept. */
export function evidenceOf(all: Evidence): Evidence {
  const { key, end } = all.violation.operation;
  const isKept = (one: Operation) =>
    one.key === key || (one.end > end - SHORTLY && one.begin < end);
  const operations = all.operations.filter(isKept).sort((a, b) => a.end - b.end);
  return { ...all, operations };
}

/** @returns the file that it stands in */
export function writeEvidence({ operations, ...head }: Evidence, folder = tmpdir()): string {
  const { key } = head.violation.operation;
  const file = join(folder, `history-${head.seed}-${key}-${process.pid}.jsonl`);
  writeFileSync(file, [head, ...operations].map((line) => `${JSON.stringify(line)}\n`).join(''));
  return file;
}

/** What was written into a file. */
export function readEvidence(file: string): Evidence {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const [head, ...operations] = lines.map((line) => JSON.parse(line));
  return { ...(head as Head), operations };
}
