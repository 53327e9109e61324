/**
 * The machine: virtual threads over one memory, one of which runs.
 *
 * A thread runs from one atomic operation to the next. When it reaches one, the scheduler chooses
 * who goes on, and the chosen thread's pending operation is what happens next. If that is the same
 * thread, it simply returns from its import; otherwise it freezes and the other one thaws. No loop
 * drives this: whoever arrives or finishes makes the next choice.
 *
 *   arrive -> scheduler.next -> the chosen thread runs -> arrive …
 *
 * At the start every thread runs to its first operation before anything is chosen, so that a
 * choice always has all threads to choose from.
 *
 * Plain accesses do not stop a thread: they happen together with the atomic operation before them.
 * For programs without data races that loses nothing. A kill, however, may come before any plain
 * store.
 *
 * Between executions memory, globals and threads are put back to the end of the setup (`reset`).
 */
import { Crew } from './crew.ts';
import { type Finding, findingOf } from './failure.ts';
import { Instance } from './instance.ts';
import { modelImports, type Reports } from './model-imports.ts';
import type { Observer } from './observer.ts';
import { Scheduler } from './scheduler.ts';
import type { Site } from './site.ts';
import { MAX_THREADS, type Schedule, type Strategy } from './strategy.ts';
import { UndoLog } from './undo-log.ts';
import {
  type CallHook,
  KILLED,
  type PendingKind,
  type Thread,
  VirtualThread,
} from './virtual-thread.ts';
import { type CompiledModule, type Imports, type Memory, wasm } from './wasm-api.ts';

/** What a thread does; what it returns is found in `machine.results`. */
export type Body = (thread: Thread, machine: Machine) => Promise<unknown>;

/** What is done about the death of `victim`, on a thread of its own. */
export type RecoverBody = (thread: Thread, victim: number, machine: Machine) => Promise<unknown>;

export interface MachineOptions {
  compiled: CompiledModule;
  /** For the main instance; see `quietBytes`. */
  compiledQuiet: CompiledModule;
  sites: readonly Site[];
  globalCount: number;
  pages64k: number;
  bodies: readonly { name: string; run: Body }[];
  recover: RecoverBody | undefined;
  kills: number;
  /** Whether a kill only cuts a call short: the body catches UNWOUND, and goes on. */
  unwinds: boolean;
  everyDeath: boolean;
  /** Indices of threads that may be killed; undefined means all, recovery threads included. */
  killable: readonly number[] | undefined;
  stepLimit: number;
  /** 0 for none; see spin-watch.ts. */
  spinLimit: number;
  isTimeoutLegal: (thread: Thread, address: number, machine: Machine) => boolean;
  nameOf: (address: number) => string;
  /** Imports besides the memory, for the thread of this index (-1 for the main instance). */
  imports: (thread: number) => Imports;
}

export class Machine implements Reports {
  readonly memory: Memory;
  /** The threads of the scenario, in order. */
  readonly threads: readonly VirtualThread[];
  /** One thread per possible kill, to run the recovery; their indices follow the scenario's. */
  readonly rescuers: readonly VirtualThread[];
  /** An instance that belongs to no thread, for setup and check. */
  readonly main: VirtualThread;
  /** What the bodies returned in this execution; undefined for a thread that did not get there. */
  results: unknown[] = [];

  readonly #options: MachineOptions;
  readonly #all: VirtualThread[];
  readonly #undo: UndoLog;
  readonly #crew = new Crew((thread, value, error) => this.#onSettled(thread, value, error));
  readonly #scheduler: Scheduler;
  /** True once the setup is over: writes are undone from here on. */
  #logging = false;
  /** Threads that have not yet reached their first operation or their end. */
  #unarrived = 0;
  #launching = false;

  constructor(options: MachineOptions) {
    const { pages64k, bodies, kills, recover } = options;
    this.#options = options;
    this.memory = new wasm.Memory({ initial: pages64k, maximum: pages64k, shared: true });
    this.#undo = new UndoLog(this.memory.buffer);
    this.threads = bodies.map(({ name }, i) => new VirtualThread(i, name));
    this.rescuers = Array.from(
      { length: recover === undefined ? 0 : kills },
      (_, i) => new VirtualThread(bodies.length + i, `recovery ${i}`),
    );
    this.main = new VirtualThread(-1, 'main');
    this.#all = [...this.threads, ...this.rescuers];
    if (this.#all.length > MAX_THREADS) throw new RangeError(`more than ${MAX_THREADS} threads`);
    for (const thread of [...this.#all, this.main]) {
      const extra = options.imports(thread.index);
      const compiled = thread === this.main ? options.compiledQuiet : options.compiled;
      const loadable = { ...options, compiled, memory: this.memory, extra };
      thread.instance = new Instance(loadable, modelImports(thread, options.sites, this));
    }
    this.#scheduler = this.#createScheduler();
  }

  #createScheduler(): Scheduler {
    return new Scheduler({
      ...this.#options,
      threads: this.#all,
      rescuers: this.rescuers,
      words: this.words,
      isTimeoutLegal: (thread, address) => this.#options.isTimeoutLegal(thread, address, this),
      willWrite: (address, length) => this.#undo.save(address, length),
      end: (finding, error) => this.#crew.end(finding, error),
    });
  }

  // --- what a scenario sees --------------------------------------------------------------------

  /** The memory as 32-bit words, to be read; index is address / 4. */
  get words(): Uint32Array {
    return this.#undo.words;
  }

  /** The 32-bit word at an address. */
  load(address: number): number {
    return this.words[address >>> 2]!;
  }

  /** Writes a 32-bit word from outside the module; undone after the execution. */
  store(address: number, value: number): void {
    if (this.#logging) this.#undo.save(address, 4);
    this.words[address >>> 2] = value;
  }

  /** Indices of the threads killed in this execution, in order. */
  get killed(): readonly number[] {
    return this.#scheduler.killed;
  }

  /** Steps of this execution. */
  get steps(): number {
    return this.#scheduler.steps;
  }

  get schedule(): Schedule {
    return this.#scheduler.schedule;
  }

  // --- one execution ---------------------------------------------------------------------------

  /** Ends the setup: memory and globals as they are now are where every execution begins. */
  freezeSetup(): void {
    for (const thread of [...this.#all, this.main]) thread.instance.snapshot();
    this.#logging = true;
  }

  /** Puts memory, globals and threads back to the end of the setup. */
  reset(): void {
    this.#undo.restore();
    for (const thread of this.#all) thread.reset();
    this.main.instance.restore();
    this.#scheduler.reset();
    this.results = [];
  }

  /** Runs the threads once; resolves when all of them have come to rest. */
  async run(strategy: Strategy, observer: Observer | null = null): Promise<Finding | null> {
    this.#scheduler.begin(strategy, observer);
    const onCall = this.#scheduler.isObserved ? this.#onCall : null;
    for (const thread of this.#all) thread.onCall = onCall;
    const end = await this.#crew.begin(() => this.#launchAll());
    if (end.error !== null) throw end.error;
    return end.finding;
  }

  #launchAll(): void {
    this.#unarrived = this.threads.length;
    this.#launching = true;
    this.threads.forEach((thread, i) => {
      const { run } = this.#options.bodies[i]!;
      this.#crew.launch(thread, () => run(thread, this));
    });
    this.#launching = false;
    if (this.#unarrived === 0) this.#release(this.#scheduler.next());
  }

  #onSettled(thread: VirtualThread, value: unknown, error: unknown): void {
    this.#scheduler.leave(thread);
    if (error !== null && error !== KILLED) {
      this.#crew.end(findingOf(error, thread.index));
      return;
    }
    if (!thread.isDead) {
      this.results[thread.index] = value;
      this.#scheduler.emit({ kind: 'finish', thread: thread.index });
    }
    if (this.#unarrived > 0 && --this.#unarrived > 0) return;
    this.#release(this.#scheduler.next());
  }

  /** Lets the chosen thread run; a recovery thread begins, and not on the stack of its chooser. */
  #release(thread: VirtualThread | null): void {
    if (thread === null) return;
    if (thread.isStarted) {
      thread.go();
      return;
    }
    const victim = this.killed[this.rescuers.indexOf(thread)]!;
    this.#scheduler.emit({ kind: 'recover', thread: thread.index, victim });
    const { recover } = this.#options;
    queueMicrotask(() => this.#crew.launch(thread, () => recover!(thread, victim, this)));
  }

  /** True while an execution is under way. */
  get isLive(): boolean {
    return this.#crew.isLive;
  }

  /** Gives up an execution that cannot go on because a body waits for the outside world. */
  abandon(error: Error): void {
    this.#crew.abandon(error);
  }

  // --- reports of the module -------------------------------------------------------------------

  passThrough(site: Site, address: number, length: number): void {
    if (this.#logging && site.writes) this.#undo.save(address, length);
  }

  plain(thread: VirtualThread, site: Site, address: number, length: number): void {
    if (this.#crew.isLive) this.#scheduler.plain(thread, site, address, length);
    this.passThrough(site, address, length);
  }

  arrive(thread: VirtualThread, pending: PendingKind, site: Site, address: number): number {
    this.#scheduler.arrive(thread, pending, site, address);
    if (this.#unarrived > 0 && (--this.#unarrived > 0 || this.#launching)) return -1;
    const next = this.#scheduler.next();
    if (next === thread) return thread.answer;
    this.#release(next);
    return -1;
  }

  readonly #onCall: CallHook = (thread, name, args, result) => {
    const { index } = thread;
    if (result === undefined) this.#scheduler.emit({ kind: 'call', thread: index, name, args });
    else this.#scheduler.emit({ kind: 'return', thread: index, name, result: result.value });
  };
}
