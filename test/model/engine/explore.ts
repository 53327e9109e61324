/**
 * Runs a scenario under a strategy until it fails, the space is exhausted, or a limit is reached.
 *
 * One execution is: put everything back, `before`, run the threads to rest, `check`. Nothing is
 * recorded while searching; a failure is run once more from its schedule with a recorder, which
 * yields the trace and proves that the schedule reproduces it.
 *
 * The search makes progress in microtasks alone. If the event loop gets a turn while an execution
 * is under way, a body awaits something that the machine does not know of; that is reported rather
 * than waited for. Every 50 ms the search lets the event loop turn, between executions.
 */
import { type Failure, type Finding, messageOf } from './failure.ts';
import { type Instrumented, instrument } from './instrument.ts';
import { type Body, Machine, type MachineOptions, type RecoverBody } from './machine.ts';
import { allOf, type Observer } from './observer.ts';
import { Recorder } from './recorder.ts';
import { Bounded } from './strategies/bounded.ts';
import { DepthFirst } from './strategies/depth-first.ts';
import { Dpor } from './strategies/dpor.ts';
import type { Guards } from './strategies/effects.ts';
import { Pct } from './strategies/pct.ts';
import { RandomWalk } from './strategies/random-walk.ts';
import { Replay } from './strategies/replay.ts';
import { UniformWalk } from './strategies/uniform-walk.ts';
import type { Strategy } from './strategy.ts';
import { type CompiledModule, wasm } from './wasm-api.ts';

export interface Scenario {
  /** The module's bytes, or the result of `instrument` to share it between scenarios. */
  wasm: Uint8Array | Instrumented;
  memory: { pages64k: number };
  /** Runs once; executions begin with the memory and globals that it leaves. Synchronous. */
  setup?: (machine: Machine) => void;
  /**
   * Runs before each execution, for what the scenario itself keeps in variables. With it, `bounded`
   * and `dpor` take bodies to share variables; without it, they must not.
   */
  before?: (machine: Machine) => void;
  threads: readonly (Body | { name: string; run: Body })[];
  /** Runs once for each killed thread, scheduled like any other thread. */
  recover?: RecoverBody;
  /** Throws if the state after an execution is wrong. */
  check?: (machine: Machine) => void;

  /**
   * Which way to search, or a strategy of one's own; README.md says when to take which. If absent,
   * `bounded`, or `depth-first` with a spin limit.
   */
  mode?: Mode | Strategy;
  /** Bounded, depth-first: preemptions at most; unlimited if absent. Others know no bound. */
  bound?: number;
  /** Random, uniform and pct: which walk; 1 if absent. */
  seed?: number;
  /** For comparing: threads also die where they have changed nothing since they could die last. */
  everyDeath?: boolean;
  /** Pct: orderings that a defect needs; 2, 3 and 4 in turn if absent. */
  depth?: number;
  /** Replay: the schedule of a failure. */
  schedule?: string;

  /** How many threads may be killed in one execution; 0 if absent. */
  kills?: number;
  /**
   * Whether a kill only cuts the thread's call short: it lives on, and its body catches UNWOUND.
   */
  unwinds?: boolean;
  killable?: readonly number[];
  /** 1,000 for random searches without `maxSeconds`, else unlimited. */
  maxExecutions?: number;
  /** Of this thread's processor time, so that a search goes as far on a busy machine. */
  maxSeconds?: number;
  /** Steps of one execution after which it counts as a livelock; 10,000 if absent. */
  stepLimit?: number;
  /** Turns of a spin loop before others go first; 0, the default, for no such pruning. */
  spinLimit?: number;
  /** Says whether a wait may end by time; if absent, it always may. */
  isTimeoutLegal?: MachineOptions['isTimeoutLegal'];
  imports?: MachineOptions['imports'];
  /** Names an address in traces. */
  nameOf?: (address: number) => string;
  observer?: Observer;
}

export type Mode = 'bounded' | 'depth-first' | 'dpor' | 'pct' | 'uniform' | 'random' | 'replay';

export interface Report {
  executions: number;
  /** Executions besides that were ended early, because their rest had been seen elsewhere. */
  cut: number;
  /** Steps of all executions together. */
  steps: number;
  seconds: number;
  /** True when every schedule within the bound was run. */
  complete: boolean;
  failure?: Failure;
}

const BREATH_MS = 50;

/** Searches the schedules of a scenario; the returned report has a `failure` if one was found. */
export async function explore(scenario: Scenario): Promise<Report> {
  const machine = createMachine(scenario);
  const strategy = strategyOf(scenario, machine);
  const report: Report = { executions: 0, cut: 0, steps: 0, seconds: 0, complete: false };
  const begin = performance.now();
  const pulse = new Pulse(machine);
  try {
    const finding = await search(machine, scenario, strategy, report, pulse);
    report.seconds = (performance.now() - begin) / 1000;
    report.complete = strategy.complete;
    if (finding !== null) report.failure = await explain(machine, scenario, finding);
  } finally {
    pulse.stop();
  }
  return report;
}

async function search(
  machine: Machine,
  scenario: Scenario,
  strategy: Strategy,
  report: Report,
  pulse: Pulse,
): Promise<Finding | null> {
  const { maxSeconds = Number.POSITIVE_INFINITY } = scenario;
  const isEndless = isRandom(scenario.mode) && scenario.maxSeconds === undefined;
  const maxExecutions = scenario.maxExecutions ?? (isEndless ? 1000 : Number.POSITIVE_INFINITY);
  const end = usedSeconds() + maxSeconds;
  do {
    const finding = await execute(machine, scenario, strategy, scenario.observer ?? null);
    if (strategy.isCut) report.cut++;
    else report.executions++;
    report.steps += machine.steps;
    if (finding !== null) return finding;
    if (pulse.isDue) await pulse.breathe();
  } while (strategy.advance() && report.executions < maxExecutions && usedSeconds() < end);
  return null;
}

/** Processor time that this thread has taken. */
export function usedSeconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1e6;
}

/** One execution from reset to check. */
async function execute(
  machine: Machine,
  scenario: Scenario,
  strategy: Strategy,
  observer: Observer | null,
): Promise<Finding | null> {
  machine.reset();
  scenario.before?.(machine);
  const finding = await machine.run(strategy, observer);
  if (finding !== null || strategy.isCut) return finding;
  try {
    scenario.check?.(machine);
    return null;
  } catch (error) {
    return { kind: 'check', message: messageOf(error) };
  }
}

/** Runs a failed execution again with a recorder; it has to fail in the same way. */
async function explain(machine: Machine, scenario: Scenario, finding: Finding): Promise<Failure> {
  const schedule = machine.schedule.toString();
  const recorder = new Recorder({
    words: machine.words,
    threadNames: threadNames(machine),
    nameOf: scenario.nameOf ?? hexadecimal,
  });
  const observer = scenario.observer ? allOf(recorder, scenario.observer) : recorder;
  const again = await execute(machine, scenario, new Replay(schedule), observer);
  const [first, second] = [finding, again].map((it) => `${it?.kind}: ${it?.message}`);
  if (first !== second) throw new Error(`${schedule} gave "${first}", then "${second}"`);
  return { ...finding, schedule, trace: recorder.text() };
}

function threadNames({ threads, rescuers }: Machine): string[] {
  return [...threads, ...rescuers].map(({ name }) => name);
}

const modules = new WeakMap<Uint8Array, CompiledModule>();

/** Once for all searches of a module, so that each finds what was optimised for those before it. */
function compiledOf(bytes: Uint8Array): CompiledModule {
  const known = modules.get(bytes);
  if (known !== undefined) return known;
  const module = new wasm.Module(bytes);
  modules.set(bytes, module);
  return module;
}

function createMachine(scenario: Scenario): Machine {
  const { bytes, quietBytes, sites, globalCount } =
    scenario.wasm instanceof Uint8Array ? instrument(scenario.wasm) : scenario.wasm;
  const machine = new Machine({
    compiled: compiledOf(bytes),
    compiledQuiet: compiledOf(quietBytes),
    sites,
    globalCount,
    pages64k: scenario.memory.pages64k,
    bodies: scenario.threads.map((it, i) =>
      typeof it === 'function' ? { name: `t${i}`, run: it } : it,
    ),
    recover: scenario.recover,
    kills: scenario.kills ?? 0,
    unwinds: scenario.unwinds ?? false,
    everyDeath: scenario.everyDeath ?? false,
    killable: scenario.killable,
    stepLimit: scenario.stepLimit ?? 10_000,
    spinLimit: scenario.spinLimit ?? 0,
    isTimeoutLegal: scenario.isTimeoutLegal ?? (() => true),
    nameOf: scenario.nameOf ?? hexadecimal,
    imports: scenario.imports ?? (() => ({})),
  });
  scenario.setup?.(machine);
  machine.freezeSetup();
  const { nameOf = hexadecimal } = scenario;
  const view = { words: machine.words, sites, threadNames: threadNames(machine), nameOf };
  scenario.observer?.open?.(view);
  return machine;
}

function isRandom(mode: Scenario['mode']): boolean {
  return mode === 'random' || mode === 'uniform' || mode === 'pct';
}

function strategyOf(scenario: Scenario, machine: Machine): Strategy {
  const { bound, seed = 1, depth, schedule, kills = 0, spinLimit = 0 } = scenario;
  const { mode = spinLimit > 0 ? 'depth-first' : 'bounded' } = scenario;
  if (typeof mode === 'object') return mode;
  if (mode === 'random') return new RandomWalk(seed);
  if (mode === 'uniform') return new UniformWalk(seed, kills);
  if (mode === 'pct') return new Pct({ seed, kills, ...(depth === undefined ? {} : { depth }) });
  if (mode === 'depth-first') return new DepthFirst(bound);
  if (mode === 'bounded' || mode === 'dpor') return reducedFor(scenario, machine, mode);
  if (schedule === undefined) throw new TypeError('replay needs a schedule');
  return new Replay(schedule);
}

/** A search that leaves out what makes no difference. */
function reducedFor(
  scenario: Scenario,
  { threads, rescuers, words }: Machine,
  mode: 'bounded' | 'dpor',
): Strategy {
  const { spinLimit = 0, kills = 0, unwinds = false, before, observer } = scenario;
  const { bound = Number.POSITIVE_INFINITY } = scenario;
  if (spinLimit > 0) throw new TypeError(`${mode} takes no spin limit: who yields hides choices`);
  const guards: Guards =
    observer?.guards &&
    ((site, address, length, visit) => observer.guards!(site, address, length, visit));
  const options = { kills, unwinds, words, bodiesShare: before !== undefined, guards };
  if (mode === 'bounded') return new Bounded({ ...options, bound });
  return new Dpor({ ...options, threads: threads.length + rescuers.length });
}

function hexadecimal(address: number): string {
  return `0x${address.toString(16)}`;
}

/** Lets the event loop turn between executions, and notices when it turns within one. */
class Pulse {
  readonly #machine: Machine;
  #alarm: NodeJS.Immediate;
  #nextBreath = performance.now() + BREATH_MS;

  constructor(machine: Machine) {
    this.#machine = machine;
    this.#alarm = this.#arm();
  }

  #arm(): NodeJS.Immediate {
    return setImmediate(() => {
      if (!this.#machine.isLive) return;
      this.#machine.abandon(new Error('a body awaits something other than a call of its thread'));
    });
  }

  get isDue(): boolean {
    return performance.now() >= this.#nextBreath;
  }

  async breathe(): Promise<void> {
    this.stop();
    await new Promise((resolve) => setImmediate(resolve));
    this.#alarm = this.#arm();
    this.#nextBreath = performance.now() + BREATH_MS;
  }

  stop(): void {
    clearImmediate(this.#alarm);
  }
}
