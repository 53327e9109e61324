/**
 * Partial-order reduction: every schedule that makes a difference, and few that make none.
 *
 * Two executions that differ only in the order of steps that do not conflict are one execution
 * for the program. Depth-first search runs both. This runs a thread as far as it goes, looks for
 * *races* in what happened (conflicting steps of two threads with nothing in between that orders
 * them, happens-before.ts), and comes back to the earlier step of each race to let others go first.
 *
 *   source set   `toTry` of a step: the threads to run there. One, or after a race all.
 *   sleep set    `asleep` of a step: threads that need not run there, because all that begins with
 *                their next step has been run already, from here or from an earlier step with only
 *                steps between that do not conflict with it. Nobody awake: the execution is cut.
 *
 * The path is a stack of two kinds of points. A *step* chooses a thread. A *kill* chooses who dies
 * (nobody first) right after a step, or before a plain store within it: those are tried without
 * reduction, because one kill takes away others without ever meeting them in an execution. A step
 * with its kills is one event: kills order such steps among themselves (KILLS), and nothing else
 * more than the step alone does. Waits end by time only when nothing else can run, so the next
 * steps of those whose time is up depend on everything before.
 *
 * NOTE: the source sets of the paper are smaller, and not enough here. They ask which threads can
 * be first in what overtook the earlier step, as it was seen to happen *after* it. Here a step may
 * then touch other words than before it (a wait parks, a cas succeeds, plain accesses follow
 * another branch), and be ordered behind threads that looked independent. `dpor.test.ts` holds
 * programs for which that loses executions. With all threads no complete execution is added, only
 * cut ones; for two threads it is the same thing. README.md has the argument.
 *
 * Sources: Abdulla, Aronis, Jonsson, Sagonas, "Optimal dynamic partial order reduction" (POPL
 * 2014), for source sets and the proof; Flanagan and Godefroid (POPL 2005) for "all"; Godefroid
 * (1996) for sleep sets.
 */
import { KILL, lowest, nondeterminism, type Strategy } from '../strategy.ts';
import { Pending, type VirtualThread } from '../virtual-thread.ts';
import { AccessLog, type Footprint } from './access-log.ts';
import { Effects, type Guards } from './effects.ts';
import { HappensBefore } from './happens-before.ts';

/** A thread that is asleep, and what its next step touches if nobody dies at it. */
interface Sleeper {
  thread: number;
  footprint: Footprint;
}

interface Step {
  kind: 'step';
  /** Number of this step in the execution. */
  step: number;
  offered: number;
  toTry: number;
  asleep: number;
  sleepers: Sleeper[];
  chosen: number;
  /** Of the chosen thread's step without a kill, when it has been run. */
  footprint: Footprint | null;
}

interface Kill {
  kind: 'kill';
  offered: number;
  remaining: number;
  chosen: number;
}

/** The choice of a kill point that kills nobody. */
const NOBODY = 16;

export interface DporOptions {
  /** Number of threads, recovery threads included. */
  threads: number;
  kills: number;
  words: Uint32Array;
  /** Bodies share variables: steps in which one runs are ordered. */
  bodiesShare: boolean;
  guards: Guards;
}

export class Dpor implements Strategy {
  complete = false;
  /** True when the last execution ended because all that could go on was asleep. */
  isCut = false;
  readonly observer: Effects;

  readonly #log = new AccessLog();
  readonly #order: HappensBefore;
  readonly #kills: number;
  #threads: readonly VirtualThread[] = [];
  #points: (Step | Kill)[] = [];
  /** Those of the points that are steps. */
  #steps: Step[] = [];
  /** Points of the current execution that have been passed. */
  #depth = 0;
  /** The step under way, -1 before the first. */
  #now = -1;
  /** Steps whose effects and order are known. */
  #known = 0;
  #killed = 0;
  #killedNow = false;

  constructor({ threads, kills, words, bodiesShare, guards }: DporOptions) {
    this.#kills = kills;
    this.#order = new HappensBefore(threads);
    this.observer = new Effects(this.#log, words, bodiesShare, guards);
  }

  begin(threads: readonly VirtualThread[]): void {
    this.#threads = threads;
    this.#depth = 0;
    this.#now = -1;
    this.#killed = 0;
    this.#killedNow = false;
    this.isCut = false;
    this.observer.isRecording = false;
  }

  // --- choosing --------------------------------------------------------------------------------

  choose(offer: number): number {
    const kills = offer >>> KILL;
    if (kills !== 0) {
      const victim = this.#chooseKill(kills | (1 << NOBODY));
      if (victim !== NOBODY) return KILL + victim;
    }
    const runs = offer & 0xffff;
    this.#settle(runs);
    const point = this.#depth < this.#points.length ? this.#repeat(runs) : this.#extend(runs);
    if (point === null) {
      this.isCut = true;
      return -1;
    }
    this.#depth++;
    this.#now = point.step;
    this.#killedNow = false;
    this.observer.isRecording = point.step >= this.#known;
    if (this.observer.isRecording) this.#log.begin();
    return point.chosen;
  }

  killAtStore(thread: number): boolean {
    return this.#chooseKill((1 << thread) | (1 << NOBODY)) === thread;
  }

  #chooseKill(options: number): number {
    let point = this.#points[this.#depth];
    if (point === undefined) {
      const remaining = options & ~(1 << NOBODY);
      point = { kind: 'kill', offered: options, remaining, chosen: NOBODY };
      this.#points.push(point);
    }
    if (point.kind !== 'kill' || point.offered !== options) throw nondeterminism();
    this.#depth++;
    if (point.chosen !== NOBODY) {
      this.#killed++;
      this.#killedNow = true;
    }
    return point.chosen;
  }

  #repeat(runs: number): Step {
    const point = this.#points[this.#depth]!;
    if (point.kind !== 'step' || point.offered !== runs) throw nondeterminism();
    return point;
  }

  /** A new step at the end of the path; null if all threads are asleep. */
  #extend(runs: number): Step | null {
    const sleepers = this.#stillAsleep();
    const asleep = sleepers.reduce((mask, { thread }) => mask | (1 << thread), 0);
    const awake = runs & ~asleep;
    if (awake === 0) return null;
    const last = this.#steps[this.#now]?.chosen ?? -1;
    const chosen = last >= 0 && awake & (1 << last) ? last : lowest(awake);
    const point: Step = {
      kind: 'step',
      step: this.#now + 1,
      offered: runs,
      toTry: 1 << chosen,
      asleep,
      sleepers,
      chosen,
      footprint: null,
    };
    this.#points.push(point);
    this.#steps.push(point);
    return point;
  }

  /** Those asleep at the step under way whose next step does not conflict with it. */
  #stillAsleep(): Sleeper[] {
    const step = this.#steps[this.#now];
    if (step === undefined) return [];
    // A sleeper could have died at its next step; with a kill before, that is another execution.
    if (this.#killedNow && this.#killed < this.#kills) return [];
    return step.sleepers.filter(({ footprint }) => !this.#log.conflicts(footprint));
  }

  // --- what a step did ---------------------------------------------------------------------------

  /** The step under way is over: notes its effects, and lets all overtake what it races with. */
  #settle(runs: number): void {
    const now = this.#now;
    if (now < this.#known) return;
    this.observer.settle();
    this.observer.isRecording = false;
    this.#known = now + 1;
    const step = this.#steps[now]!;
    this.#order.add(now, step.chosen, this.#log, (earlier) => {
      this.#steps[earlier]!.toTry = this.#steps[earlier]!.offered;
    });
    const released = runs & ~step.offered;
    if (this.#hasTimePassed(runs & (released | (1 << step.chosen)))) {
      this.#order.releaseAfterAll(now, runs);
    } else this.#order.release(now, released);
    if (this.#kills > 0 && !this.#killedNow) step.footprint ??= this.#log.footprint(now);
  }

  /** Whether one of these, of which none was late before the step, is late now. */
  #hasTimePassed(threads: number): boolean {
    for (let rest = threads; rest !== 0; rest &= rest - 1) {
      if (this.#threads[lowest(rest)]!.pending === Pending.Late) return true;
    }
    return false;
  }

  // --- the next execution ------------------------------------------------------------------------

  advance(): boolean {
    if (!this.isCut) this.#settle(0);
    for (let point = this.#points.at(-1); point !== undefined; point = this.#points.at(-1)) {
      if (point.kind === 'kill' ? nextKill(point) : this.#nextThread(point)) {
        // A kill belongs to the step before it, which will be another one.
        const unchanged = point.kind === 'step' ? point.step : Math.max(this.#steps.length - 1, 0);
        this.#known = unchanged;
        this.#log.rewind(unchanged);
        return true;
      }
      this.#points.pop();
      if (point.kind === 'step') this.#steps.pop();
    }
    this.complete = true;
    return false;
  }

  /** Puts the chosen thread to sleep and chooses another one, if one is left to try. */
  #nextThread(point: Step): boolean {
    const { step, chosen } = point;
    point.asleep |= 1 << chosen;
    const toTry = point.toTry & ~point.asleep;
    if (toTry === 0) return false;
    const footprint = point.footprint ?? this.#log.footprint(step);
    point.sleepers.push({ thread: chosen, footprint });
    point.footprint = null;
    point.chosen = lowest(toTry);
    return true;
  }
}

function nextKill(point: Kill): boolean {
  const { remaining } = point;
  if (remaining === 0) return false;
  point.chosen = lowest(remaining);
  point.remaining = remaining & (remaining - 1);
  return true;
}
