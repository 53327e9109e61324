/**
 * What a scenario of the kernel needs: a formatted zone, attached threads, a judge of the end.
 *
 * A scenario says what its threads do, and in a line or two what must hold at the end. This adds
 * what must always hold: nobody trapped without a kill, `check()` finds every page, descriptor and
 * handle accounted for, and a kill ends either with everything given back or with a poisoned zone.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as facts from '../../src/generated/facts.ts';
import { offsetOf, wordOfSlot } from '../support/structures.ts';
import {
  type AllowedRace,
  type Body,
  type EngineEvent,
  explore,
  type Instrumented,
  instrument,
  LifetimeChecker,
  type Machine,
  type MachineView,
  type Observer,
  RaceDetector,
  type RecoverBody,
  type Report,
  type Scenario,
  type Site,
  type Thread,
  UNWOUND,
} from './engine/index.ts';
import { type Geometry, shippedGeometry, smallGeometry, useGeometry } from './geometry.ts';
import { judgeKernelAccess } from './lifetimes.ts';
import { locks, nameOf, PAGES_64K, slotOf } from './places.ts';
import { allowedRaces } from './races.ts';

/**
 * Builds of the kernel: what ships, the same code with the exports of kernel/testing.ts, and that
 * with its contexts asserted.
 */
export type KernelBuild = 'release' | 'test' | 'debug';

export interface KernelScenario {
  /** Called before anything is checked: main comes back to a zone that it had left. */
  settle?: (machine: Machine) => void;
  name: string;
  /** What must hold, in a sentence: "of two frees one wins". Printed with the name. */
  rule: string;
  /** `test` for a scenario that calls what kernel/testing.ts exports; `release` if absent. */
  module?: KernelBuild;
  /** Preemptions within which every schedule is run. */
  bound: number;
  /** Schedules that the tests draw, where all within the bound are too many for them. */
  draws?: number;
  /** Threads that may die in an execution; a survivor then proves it and recovers. */
  kills?: number;
  /** Runs in the formatted zone before the threads, as the attached main thread. */
  prepare?: (machine: Machine) => void;
  /** Runs before each execution, for what the threads keep in variables; needed if they do. */
  before?: () => void;
  threads: Body[];
  /** Threads that may be killed; all by default. */
  killable?: number[];
  /** A kill only cuts a call short: the thread lives on, and repairs what it left. */
  unwinds?: boolean;
  /** What it does then. Else it leaves. `wasInside`: the call had begun and was not over. */
  goOn?: (thread: Thread, wasInside: boolean) => Promise<unknown>;
  /** No kill may poison the zone. */
  mustSurvive?: boolean;
  /** Accesses of an execution beyond which it is taken for endless; 10,000 if absent. */
  stepLimit?: number;
  /** Waits end by time even where nobody is dead: more than sleeps, which always do. */
  timesOut?: boolean;
  /** Ends poisoned without a kill; who waits for somebody who has trapped is woken by time. */
  poisons?: boolean;
  /** Beyond what holds always; not called when a kill has poisoned the zone. */
  check?: (machine: Machine) => void;
}

export const MAIN_OWNER = 100;
const POISON = facts.SUPERBLOCK + offsetOf('Superblock', 'fault');

const loaded = new Map<string, Instrumented>();

function load(name: string): Instrumented {
  const url = new URL(`../../build/kernel/${name}.wasm`, import.meta.url);
  const kernel = loaded.get(name) ?? instrument(readFileSync(url));
  loaded.set(name, kernel);
  return kernel;
}

/** Where scenarios get their module from. */
export interface Kernels {
  (build: KernelBuild): Instrumented;
  /** Of all of them; that which ships if absent. */
  geometry?: Geometry;
}

/** The kernel as `npm run build` left it. */
export const loadKernel: Kernels = load;

/** The same kernel in the two-word layout, which is built with all exports. */
export const loadTwoWord: Kernels = () => load('two-word');

/** The kernel that asserts what its functions ask of their callers; built with all exports. */
export const loadDebug: Kernels = () => load('debug');

/** The kernel in its smallest geometry, likewise. */
export const loadSmall: Kernels = Object.assign(() => load('small'), { geometry: smallGeometry });

/** Owner numbers under which the zone knows the virtual threads. */
export function ownerOf(thread: number): number {
  return thread + 1;
}

function format(machine: Machine, scenario: KernelScenario): void {
  const { main, threads, rescuers } = machine;
  assert.equal(main.callNow('format', 1, 2, 3, 4), 0);
  assert.equal(main.callNow('attach', MAIN_OWNER, 1), 1);
  for (const thread of [...threads, ...rescuers]) {
    assert.ok((thread.callNow('attach', ownerOf(thread.index), 1) as number) > 0);
  }
  scenario.prepare?.(machine);
}

/** Of a thread that is there, and does nothing. */
export const idle: Body = async () => 0;

/** Of one that looks whether all is well while others are at work. */
export const checkSound: Body = async (thread) => {
  assert.equal(await thread.call('check'), 0, 'a sound zone was found faulty');
};

/** A folio, owned and not pinned: its name, the number of its descriptor, and its first page. */
export interface ModelFolio {
  name: number;
  id: number;
  pfn: number;
}

export function newFolio(main: Thread, order = 0, type = facts.TYPE_ANON_FOLIO): ModelFolio {
  const name = main.callNow('allocFolio', order, type) as number;
  assert.ok(name > 0);
  const id = main.callNow('pinFolio', name) as number;
  const pfn = main.callNow('firstPage', id) as number;
  assert.equal(main.callNow('putPage', id), 0);
  return { name, id, pfn };
}

function checkEnd(machine: Machine, scenario: KernelScenario): void {
  const { main, killed } = machine;
  scenario.settle?.(machine);
  if (scenario.poisons) {
    assert.notEqual(main.callNow('fault'), 0, 'the zone is not poisoned');
    scenario.check?.(machine);
    return;
  }
  if (main.callNow('fault') !== 0) {
    const isExpected = killed.length > 0 && !scenario.mustSurvive;
    assert.ok(isExpected, `fault ${main.callNow('fault')} after ${killed.length} kills`);
    return;
  }
  const fault = main.callNow('check');
  assert.equal(fault, 0, `check found fault ${fault} at ${main.callNow('checkDetail')}`);
  const kept = locks.find((lock) => machine.load(lock) !== 0);
  assert.equal(kept, undefined, `${nameOf(kept ?? 0)} is still held`);
  scenario.check?.(machine);
}

/**
 * A body that may find the zone poisoned by another thread's death, and trap for no other reason.
 */
function survives(body: Body): Body {
  return async (thread, machine) => {
    try {
      return await body(thread, machine);
    } catch (error) {
      const isTrap = error instanceof WebAssembly.RuntimeError;
      const isPoisoned = machine.load(POISON) !== 0;
      if (!isTrap || machine.killed.length === 0 || !isPoisoned) throw error;
      return 'poisoned';
    }
  };
}

/** Whose deaths a recovery knows: its victim's and, if that was a recovery, what that one knew. */
function knownDead(machine: Machine, victim: number): number[] {
  const before = machine.killed[victim - machine.threads.length];
  return before === undefined ? [victim] : [...knownDead(machine, before), victim];
}

async function recover(thread: Thread, victim: number, machine: Machine): Promise<void> {
  for (const dead of knownDead(machine, victim)) await thread.call('markDead', ownerOf(dead));
  let answer: unknown = facts.ERR_BUSY;
  while (answer === facts.ERR_BUSY && (await thread.call('fault')) === 0) {
    answer = await thread.call('recoverDead');
  }
}

const recovers: RecoverBody = (thread, victim, machine) =>
  survives((self) => recover(self, victim, machine))(thread, machine);

/** A body whose thread repairs what a call has left that was cut short, if need be twice. */
function livesOn(body: Body, goOn: NonNullable<KernelScenario['goOn']>): Body {
  return survives(async (thread, machine) => {
    const result = await orUnwound(body(thread, machine));
    if (result !== UNWOUND) return result;
    const inKernel = machine.load(wordOfSlot(slotOf(thread.index), 'inKernel'));
    const wasInside = (inKernel & 0xffff) !== 0;
    await repairSelf(thread);
    await goOn(thread, wasInside);
    return UNWOUND;
  });
}

/** As its user would: what the thread still has is given back, the slot too. */
async function leave(thread: Thread): Promise<void> {
  if ((await thread.call('isAttached')) !== 0) await thread.call('detach');
}

async function repairSelf(thread: Thread): Promise<void> {
  let answer: unknown = UNWOUND;
  while (answer === UNWOUND || answer === facts.ERR_BUSY) {
    answer = await orUnwound(thread.call('repairSelf', 1));
  }
}

async function orUnwound(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    if (error === UNWOUND) return UNWOUND;
    throw error;
  }
}

/** Whether it is a word on which a thread sleeps a while, and that nobody wakes. */
function isSleep(address: number): boolean {
  const page = address - facts.SLOT_TABLE - offsetOf('ThreadSlot', 'page');
  const isPage = address < facts.CACHE_TABLE && page >= 0 && page % facts.SLOT_BYTES === 0;
  return address === facts.COMPACT_STATE || isPage;
}

/** The engine's scenario for one of ours. */
function toEngine(kernels: Kernels, scenario: KernelScenario): Scenario {
  const kills = scenario.kills ?? 0;
  const isPatient = scenario.timesOut === true || scenario.poisons === true;
  return {
    wasm: kernels(scenario.module ?? 'release'),
    memory: { pages64k: PAGES_64K },
    setup: (machine) => {
      useGeometry(kernels.geometry ?? shippedGeometry);
      format(machine, scenario);
    },
    ...(scenario.before === undefined ? {} : { before: scenario.before }),
    threads: scenario.threads.map((body) =>
      scenario.unwinds ? livesOn(body, scenario.goOn ?? leave) : survives(body),
    ),
    unwinds: scenario.unwinds === true,
    check: (machine) => checkEnd(machine, scenario),
    bound: scenario.bound,
    ...(scenario.stepLimit ? { stepLimit: scenario.stepLimit } : {}),
    kills,
    ...(scenario.killable ? { killable: scenario.killable } : {}),
    ...(scenario.unwinds ? {} : { recover: recovers }),
    // A wait ends by time only when its waker may be dead: else it is a lost wake-up.
    isTimeoutLegal: (_thread, address, machine) =>
      machine.killed.length > 0 || isPatient || isSleep(address),
    nameOf,
  };
}

/**
 * Fails on races that are not allowed, and on accesses to memory that is nobody's. `onNear`: of two
 * accesses that are no race because both are atomic.
 */
export function memoryRules(
  onAllowed: (rule: AllowedRace) => void = () => {},
  onNear?: (first: Site, second: Site) => void,
): Observer {
  const races = new RaceDetector({
    allowed: allowedRaces,
    ...(onNear === undefined ? {} : { onNear }),
    onRace: (_race, rule) => {
      if (rule !== undefined) onAllowed(rule);
      return false;
    },
  });
  return new MemoryRules(races, new LifetimeChecker(judgeKernelAccess));
}

/** Both rules as one, called by name: what `allOf` calls might be anybody, which takes longer. */
class MemoryRules implements Observer {
  readonly #races: RaceDetector;
  readonly #lifetimes: LifetimeChecker;

  constructor(races: RaceDetector, lifetimes: LifetimeChecker) {
    this.#races = races;
    this.#lifetimes = lifetimes;
  }

  open(view: MachineView): void {
    this.#races.open(view);
    this.#lifetimes.open(view);
  }

  begin(): void {
    this.#races.begin();
    this.#lifetimes.begin();
  }

  access(thread: number, site: Site, address: number, length: number): void {
    this.#races.access(thread, site, address, length);
    this.#lifetimes.access(thread, site, address, length);
  }

  observe(event: EngineEvent): void {
    this.#races.observe(event);
  }

  guards(site: Site, address: number, length: number, visit: (word: number) => void): void {
    this.#lifetimes.guards(site, address, length, visit);
  }
}

/**
 * Runs a scenario under the rules of memory; `isLax` leaves them out: two to three times as fast.
 */
export function runScenario(
  kernels: Kernels,
  scenario: KernelScenario,
  { isLax = false, ...options }: Partial<Scenario> & { isLax?: boolean } = {},
): Promise<Report> {
  const observer = isLax ? {} : { observer: memoryRules() };
  return explore({ ...toEngine(kernels, scenario), ...observer, ...options });
}
