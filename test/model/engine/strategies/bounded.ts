/**
 * Every schedule with at most `bound` preemptions, but for those that differ from another one of
 * them only in the order of steps that do not conflict.
 *
 * A thread runs as far as it goes: its *block*. A preemption by u before step s of the block makes
 * a difference only if something that happens before the block goes on conflicts with s; else it
 * could have come after s, at the same price. So the search lets the block run to its end, and
 * comes back to a step when it has seen the conflict:
 *
 *   *mark*   While a block is interrupted before its step k, by u, each step of another thread is
 *            compared with the steps of the block so far. With the latest one that it conflicts
 *            with a mark is left: u has to be tried before that step as well
 *   *barred* A thread that was preempted before s may go on only after something has met s, that is
 *            conflicted with it. Where nobody else can run, the execution is cut: it has been run,
 *            with s before the preemption
 *
 * Why that loses nothing: order all schedules by their first difference, where going on is more
 * than switching, and take of those that differ in the order of independent steps only, within the
 * bound, the greatest. It never goes on unmet, for with s moved before the preemption it would be
 * greater, and with no more preemptions: the switches are the same, or one that was a preemption is
 * a switch away from a thread that is done. And each of its preemptions is tried: the step that
 * meets s comes also if s goes first, in an execution that is run earlier and leaves the mark.
 * Unlike the sleep sets of dpor.ts this compares with one block only, and the bound is no obstacle,
 * because nothing is replaced by a schedule that needs more preemptions.
 *
 * Switches from a thread that is blocked, done or dead are all tried, and so are kills. If two
 * kills are possible the first one meets everybody: who dies first makes a difference.
 *
 * The path is a stack of points, two kinds as in dpor.ts: a *step* chooses who goes on, or dies
 * before that; a *death* chooses whether the running thread dies before a plain store.
 *
 * Sources: Musuvathi and Qadeer, "Iterative context bounding" (PLDI 2007); Coons, Musuvathi,
 * McKinley, "Bounded partial-order reduction" (OOPSLA 2013), whose conservative points answer to
 * preemptions that come for free here.
 */
import { KILL, lowest, MAX_THREADS, nondeterminism, type Strategy } from '../strategy.ts';
import { AccessLog, type Footprint } from './access-log.ts';
import { Effects, type Guards } from './effects.ts';

const RUNS = 0xffff;

interface Step {
  kind: 'step';
  /** Number of the step that is chosen here; a kill has the number of the step to come. */
  step: number;
  offered: number;
  /** Threads that may be tried here. */
  allowed: number;
  tried: number;
  toTry: number;
  chosen: number;
  /** The thread that goes on if nobody is preempted, as a bit; 0 if it cannot. */
  stay: number;
  /** What the next step of the thread that goes on touches, once it has been made here. */
  footprint: Footprint | null;
  /** Threads whose interrupted blocks the step that was made here has met, as bits. */
  met: number;
}

interface Death {
  kind: 'death';
  thread: number;
  isChosen: boolean;
}

export interface BoundedOptions {
  bound: number;
  kills: number;
  /** Whether who is killed lives on. */
  unwinds: boolean;
  words: Uint32Array;
  /** Bodies share variables: steps in which one runs conflict. */
  bodiesShare: boolean;
  guards: Guards;
}

export class Bounded implements Strategy {
  complete = false;
  isCut = false;
  readonly observer: Effects;

  readonly #bound: number;
  readonly #kills: number;
  readonly #unwinds: boolean;
  readonly #log = new AccessLog();
  #points: (Step | Death)[] = [];
  /** Those of the points at which a step was made. */
  #steps: Step[] = [];

  // Of the current execution:
  #depth = 0;
  /** The step under way, -1 before the first. */
  #now = -1;
  /** Steps whose effects are known. */
  #known = 0;
  #preemptions = 0;
  #killed = 0;
  #killedNow = false;
  /** First step of the running thread's block. */
  #begin = 0;
  /**
   * Threads whose block is interrupted, as bits; its first step, and the step at which another ran.
   */
  #open = 0;
  readonly #begins = new Int32Array(MAX_THREADS);
  readonly #ends = new Int32Array(MAX_THREADS);
  #dead = 0;
  /** Threads that were preempted before a step that nothing has met yet, as bits. */
  #unmet = 0;

  constructor({ bound, kills, unwinds, words, bodiesShare, guards }: BoundedOptions) {
    this.#bound = bound;
    this.#kills = kills;
    this.#unwinds = unwinds;
    this.observer = new Effects(this.#log, words, bodiesShare, guards);
  }

  begin(): void {
    this.#depth = 0;
    this.#now = -1;
    this.#preemptions = 0;
    this.#killed = 0;
    this.#killedNow = false;
    this.#begin = 0;
    this.#open = 0;
    this.#dead = 0;
    this.#unmet = 0;
    this.isCut = false;
    this.observer.isRecording = false;
  }

  // --- choosing --------------------------------------------------------------------------------

  choose(offer: number, running: number): number {
    this.#settle();
    const point =
      this.#depth < this.#points.length ? this.#repeat(offer) : this.#extend(offer, running);
    if (point === null) {
      this.isCut = true;
      return -1;
    }
    this.#depth++;
    if (point.chosen >= KILL) this.#kill(point.chosen - KILL);
    else this.#run(point, running);
    return point.chosen;
  }

  #repeat(offer: number): Step {
    const point = this.#points[this.#depth]!;
    if (point.kind !== 'step' || point.offered !== offer) throw nondeterminism();
    return point;
  }

  /** A new point at the end of the path; null if all threads are barred. */
  #extend(offer: number, running: number): Step | null {
    const stay = running < 0 ? 0 : offer & (1 << running);
    const isSpent = stay !== 0 && this.#preemptions >= this.#bound;
    const allowed = offer & ~this.#unmet & (isSpent ? stay | ~RUNS : -1);
    if (allowed === 0) return null;
    const toTry = stay === 0 ? allowed : stay | (allowed & ~RUNS);
    const chosen = lowest(stay || toTry);
    const step = this.#now + 1;
    const point: Step = {
      kind: 'step',
      step,
      offered: offer,
      allowed,
      tried: 1 << chosen,
      toTry,
      chosen,
      stay,
      footprint: null,
      met: 0,
    };
    this.#points.push(point);
    return point;
  }

  #kill(victim: number): void {
    this.#killed++;
    if (!this.#unwinds) this.#dead |= 1 << victim;
    this.#close(victim);
    if (this.#killed < this.#kills) this.#meetAll();
  }

  #run(point: Step, running: number): void {
    const { chosen, step, stay } = point;
    if (chosen !== running) {
      if (stay !== 0) this.#preemptions++;
      if (running >= 0) this.#interrupt(running, step, stay);
      this.#begin = step;
    }
    this.#close(chosen);
    this.#now = step;
    this.#killedNow = false;
    this.#steps[step] = point;
    this.observer.isRecording = step >= this.#known;
    if (this.observer.isRecording) this.#log.begin();
    else this.#unmet &= ~point.met;
  }

  #interrupt(thread: number, step: number, stay: number): void {
    const bit = 1 << thread;
    this.#open |= bit & ~this.#dead;
    this.#begins[thread] = this.#begin;
    this.#ends[thread] = step;
    this.#unmet |= stay;
  }

  #close(thread: number): void {
    this.#open &= ~(1 << thread);
    this.#unmet &= ~(1 << thread);
  }

  killAtStore(thread: number): boolean {
    let point = this.#points[this.#depth];
    if (point === undefined) {
      point = { kind: 'death', thread, isChosen: false };
      this.#points.push(point);
    }
    if (point.kind !== 'death' || point.thread !== thread) throw nondeterminism();
    this.#depth++;
    if (point.isChosen) {
      this.#killedNow = true;
      this.#kill(thread);
    }
    return point.isChosen;
  }

  // --- what a step did -------------------------------------------------------------------------

  /** The step under way is over: compares it with the blocks that are interrupted. */
  #settle(): void {
    const now = this.#now;
    if (now < this.#known) return;
    this.observer.settle();
    this.observer.isRecording = false;
    this.#known = now + 1;
    const step = this.#steps[now]!;
    for (let rest = this.#open; rest !== 0; rest &= rest - 1) {
      const thread = lowest(rest);
      const end = this.#ends[thread]!;
      const latest = this.#log.latestConflict(this.#begins[thread]! + 1, end);
      if (latest >= 0) this.#mark(latest, end);
      const isUnmet = (this.#unmet & (1 << thread)) !== 0;
      if (isUnmet && this.#log.conflicts(this.#steps[end]!.footprint!)) step.met |= 1 << thread;
    }
    this.#unmet &= ~step.met;
    // What a step does to whose end a death belongs is less than what it does otherwise.
    if (this.#kills > 0 && !this.#killedNow && isStay(step)) {
      step.footprint ??= this.#log.footprint(now);
    }
  }

  /** Who interrupted a block at step `end` has to be tried before the step `at` of that block. */
  #mark(at: number, end: number): void {
    const point = this.#steps[at]!;
    point.toTry |= point.allowed & (1 << this.#steps[end]!.chosen);
  }

  /** A death that another may follow: it conflicts with all that is interrupted. */
  #meetAll(): void {
    for (let rest = this.#open; rest !== 0; rest &= rest - 1) {
      const thread = lowest(rest);
      const end = this.#ends[thread]!;
      if (end - 1 > this.#begins[thread]!) this.#mark(end - 1, end);
    }
    this.#unmet = 0;
  }

  // --- the next execution ------------------------------------------------------------------------

  advance(): boolean {
    if (!this.isCut) this.#settle();
    for (let point = this.#points.at(-1); point !== undefined; point = this.#points.at(-1)) {
      if (point.kind === 'death' ? this.#nextDeath(point) : this.#nextThread(point)) {
        this.#log.rewind(this.#known);
        return true;
      }
      this.#points.pop();
    }
    this.complete = true;
    return false;
  }

  #nextDeath(point: Death): boolean {
    if (point.isChosen) return false;
    point.isChosen = true;
    // It belongs to the step before it, which will be another one.
    this.#known = Math.max(this.#steps.length - 1, 0);
    return true;
  }

  #nextThread(point: Step): boolean {
    const toTry = point.toTry & ~point.tried;
    this.#steps.length = Math.min(this.#steps.length, point.step);
    if (toTry === 0) return false;
    if (isStay(point)) point.footprint ??= this.#log.footprint(point.step);
    point.chosen = lowest(toTry);
    point.tried |= 1 << point.chosen;
    point.met = 0;
    this.#known = point.step;
    return true;
  }
}

/** Whether the thread that ran before goes on. */
function isStay({ chosen, stay }: Step): boolean {
  return stay === 1 << chosen;
}
