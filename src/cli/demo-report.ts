/**
 * The demo's report: one JSON object, or text whose last line is `verified N entries`.
 *
 * Rates are in millions of bytes a second. `MBPerSecondIn` and `MBPerSecondOut` are by the clock on
 * the wall, with everything that a worker does: reading files, digests, comparing. The cache's own
 * rates count the time inside `set` and `get` alone, as the mean over the threads.
 */
import type { ZoneReport } from '../reports/zone.ts';
import { type Account, equation } from './account.ts';
import type { Phase } from './jobs.ts';
import { describeZone } from './report-text.ts';
import { describeProblems, type Problem } from './text.ts';

export interface DemoOptions {
  workers: number;
  maxSize: number;
  maxEntrySize?: number;
  compression: 'lz4' | 'none';
  save?: string;
  json?: boolean;
}

/** A phase's tallies added up, and how long it took by the clock on the wall. */
export interface PhaseResult {
  seconds: number;
  files: number;
  bytes: number;
  /** Mean over the threads that did it. */
  cacheSeconds: number;
}

export interface DemoResult {
  options: DemoOptions;
  account: Account;
  phases: Record<Phase, PhaseResult>;
  seconds: Record<string, number>;
  problems: Problem[];
  /** Why the status is 1; empty when all is well. */
  faults: string[];
  /** After loading, and at the end. */
  full: ZoneReport;
  zone: ZoneReport;
}

/** MB/s, as a number with one decimal; 0 when there was nothing to measure. */
export function rate(bytes: number, seconds: number): number {
  return seconds > 0 ? Math.round(bytes / 1e5 / seconds) / 10 : 0;
}

export function printDemo(result: DemoResult): void {
  for (const line of describeProblems(result.problems)) console.error(line);
  if (result.options.json) {
    console.log(JSON.stringify(toJson(result)));
  } else {
    const { full, zone, account } = result;
    const columns = [
      { title: 'after loading', report: full },
      { title: 'at the end', report: zone },
    ];
    console.log(['', ...describeZone(columns), '', equation(account)].join('\n'));
  }
  for (const fault of result.faults) console.error(`pageless: ${fault}`);
  if (!result.options.json) console.log(`verified ${result.account.verified} entries`);
}

function toJson(result: DemoResult): Record<string, unknown> {
  const { options, account, phases, seconds, full, zone, problems, faults } = result;
  const { load, verify } = phases;
  return {
    ...account,
    workers: options.workers,
    maxSize: options.maxSize,
    maxEntrySize: options.maxEntrySize,
    compression: options.compression,
    node: process.version,
    bytesLoaded: load.bytes,
    seconds,
    MBPerSecondIn: rate(load.bytes, load.seconds),
    MBPerSecondOut: rate(verify.bytes, verify.seconds),
    cacheMBPerSecondIn: rate(load.bytes, load.cacheSeconds),
    cacheMBPerSecondOut: rate(verify.bytes, verify.cacheSeconds),
    zoneAfterLoad: full,
    zone,
    problems,
    faults,
  };
}
