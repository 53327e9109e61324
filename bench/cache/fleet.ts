/**
 * A fleet: one crew for each cache under measurement, all filled alike and asked in turn.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Crew } from '../crew.ts';
import { type Result, roundsInTurn, rowOf, type SuiteOptions } from '../suite.ts';
import type { Loop, Request, Setup } from './member.ts';
import type { Order } from './values.ts';

/** Rounds that count, and rounds before them for the compilers of both sides. */
const ROUNDS = 7;
const WARM_UP = 2;
/** A round of one subject, ms: a hundred thousand operations and more. */
export const ROUND_MS = 250;
/**
 * The same where values are set: several cycles of a collector, so that most of its work is in the
 * round of who made the garbage. Rounds of 250 ms of lru-cache with a million entries took 3.5 to
 * 11.5 µs a set, by which part of a cycle they met; of two seconds 5.6 to 8.2.
 */
const SET_ROUND_MS = 2000;

/** Ids in an order. */
const ORDER_LENGTH = 2 ** 20;
const TINY_ORDER_LENGTH = 2 ** 12;

/** Files in memory, where the system has them. */
const files: string = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** A row that is measured: its name, ours, the peer. */
export type Pair = [row: string, ours: string, peer: string];

/** What is asked in a round, by default of the crew of that name. */
export interface Asked {
  name: string;
  crew?: string;
  request: Request;
}

export class Fleet {
  readonly #crews: Map<string, Crew<Setup, Request>>;
  readonly #options: SuiteOptions;
  readonly #folder: string;
  readonly #threads: number;

  private constructor(
    crews: Map<string, Crew<Setup, Request>>,
    options: SuiteOptions,
    folder: string,
    threads: number,
  ) {
    this.#crews = crews;
    this.#options = options;
    this.#folder = folder;
    this.#threads = threads;
  }

  /** Starts a crew for each name; `setupOf` says what its members measure. */
  static async open(
    names: Iterable<string>,
    options: SuiteOptions,
    setupOf: (name: string) => Omit<Setup, 'orderLength'>,
    threads = 1,
  ): Promise<Fleet> {
    const folder = mkdtempSync(join(files, 'pageless-bench-'));
    const crews = new Map<string, Crew<Setup, Request>>();
    const file = new URL('./member.ts', import.meta.url);
    const orderLength = options.isTiny ? TINY_ORDER_LENGTH : ORDER_LENGTH;
    for (const name of names) {
      const setup = { folder, orderLength, ...setupOf(name) };
      crews.set(name, await Crew.open<Setup, Request>(file, Array(threads).fill(setup)));
    }
    return new Fleet(crews, options, folder, threads);
  }

  /** What a crew's only member answers; of several, the time of an operation of any of them. */
  async ask(name: string, request: Request): Promise<number> {
    const [answer, ...others] = await this.#crews.get(name)!.ask(request, this.#threads);
    if (others.length === 0) return answer!;
    return 1 / [answer!, ...others].reduce((perNs, ns) => perNs + 1 / ns, 0);
  }

  /** Fills every cache with the entries of ids below `entries`. */
  async fill(entries: number): Promise<void> {
    for (const name of this.#crews.keys()) {
      await this.ask(name, { kind: 'fill', from: 0, to: entries });
    }
  }

  /** As many rounds as count of what is asked of crews, in turn, by the name of each. */
  async rounds(asked: Asked[], count = ROUNDS): Promise<Map<string, number[]>> {
    const { isTiny } = this.#options;
    const subjects = new Map(
      asked.map(({ name, crew = name, request }) => {
        const one = request.kind === 'loop' && isTiny ? { ...request, ms: 2 } : request;
        return [name, () => this.ask(crew, one)];
      }),
    );
    if (!isTiny) await roundsInTurn(WARM_UP, subjects);
    return roundsInTurn(isTiny ? 1 : count, subjects);
  }

  /** The rows that are asked for, of one request. */
  async compare(pairs: Pair[], request: Request, unit = 'ns'): Promise<Result[]> {
    const wanted = pairs.filter(([row]) => isWanted(this.#options, row));
    const names = [...new Set(wanted.flatMap(([, ours, peer]) => [ours, peer]))];
    const figures = await this.rounds(names.map((name) => ({ name, request })));
    return wanted.map(([row, ours, peer]) =>
      rowOf(row, unit, figures.get(ours)!, [peer, figures.get(peer)!]),
    );
  }

  async close(): Promise<void> {
    for (const [name, crew] of this.#crews) {
      await this.ask(name, { kind: 'close' });
      await crew.close();
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A round of a loop: if nothing else is said as long as what sets needs. */
export function loop(loop: Loop, order: Order = 'uniform', ms = roundMs(loop)): Request {
  return { kind: 'loop', loop, order, ms };
}

function roundMs(loop: Loop): number {
  return loop === 'set' || loop === 'set-new' ? SET_ROUND_MS : ROUND_MS;
}

export function isWanted({ rows }: SuiteOptions, ...names: string[]): boolean {
  return rows === undefined || names.some((name) => rows.test(name));
}
