/** The detector and its judge say the same of random programs, event by event. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineEvent } from './observer.ts';
import { RaceViolation } from './race.ts';
import { RaceDetector } from './race-detector.ts';
import { RaceOracle, type Told } from './race-oracle.ts';
import { type Op, readsMemory, type Site, writesMemory } from './site.ts';

const PROGRAMS = 4000;
/** At most: short programs are the ones without a race. */
const EVENTS = 40;
const BYTES = 16;
/** Threads of a program; the last one only runs if another was killed. */
const THREADS = 4;
const PLAIN: Op[] = ['load', 'store', 'load', 'store', 'copy from', 'copy to'];
const ATOMIC: Op[] = ['load', 'store', 'load', 'store', 'add', 'cas', 'xchg'];

/** Numbers below a limit, from a seed (mulberry32). */
function random(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) % limit;
  };
}

function siteOf(id: number, op: Op, width: number, atomic: boolean): Site {
  const [reads, writes] = [readsMemory(op), writesMemory(op)];
  return { id, functionName: `f${id}`, op, width, atomic, reads, writes };
}

/** An access; plain and atomic ones keep to their own half of the memory, mostly. */
function randomAccess(below: (limit: number) => number, thread: number, id: number): EngineEvent {
  const atomic = below(2) === 0;
  const op = (atomic ? ATOMIC : PLAIN)[below(atomic ? ATOMIC.length : PLAIN.length)]!;
  const isRange = op.startsWith('copy');
  const width = below(8) > 0 ? 4 : [1, 2, 4, 8][below(4)]!;
  const length = isRange ? 1 + below(9) : width;
  const half = (Number(atomic) ^ Number(below(8) === 0)) * (BYTES / 2);
  let address = half + below(BYTES / 2);
  if (!isRange && (atomic || below(8) > 0)) address -= address % length;
  address = Math.min(address, BYTES - length);
  return { kind: 'access', thread, site: siteOf(id, op, width, atomic), address, length };
}

/** A program: what its threads do, in the order in which it happens. */
function randomProgram(seed: number): Told[] {
  const below = random(seed);
  const awake = [0, 1, 2].slice(0, 2 + below(2));
  const asleep: number[] = [];
  const program: Told[] = [];
  for (let id = 0, end = 5 + below(EVENTS - 4); id < end; id++) {
    const thread = awake[below(awake.length)]!;
    const choice = below(40);
    const add = (event: EngineEvent): number => program.push({ event, succeeds: below(2) === 0 });
    if (choice === 0 && awake.length > 1 && !awake.includes(3)) {
      awake.splice(awake.indexOf(thread), 1, 3);
      add({ kind: 'kill', thread });
      add({ kind: 'recover', thread: 3, victim: thread });
    } else if (choice < 3 && awake.length > 1) {
      const sleeper = awake.find((it) => it !== thread)!;
      awake.splice(awake.indexOf(sleeper), 1);
      asleep.push(sleeper);
      add({
        kind: 'notify',
        thread,
        site: siteOf(id, 'notify', 4, true),
        address: 0,
        woken: [sleeper],
      });
    } else if (choice < 6 && asleep.length > 0) {
      awake.push(asleep[0]!);
      add({ kind: 'resume', thread: asleep.shift()!, timedOut: below(4) === 0 });
    } else add(randomAccess(below, thread, id));
  }
  return program;
}

/** Tells the detector of a program; `memory` changes with each successful compare-and-swap. */
function tell(
  detector: RaceDetector,
  program: readonly Told[],
  each: (index: number) => void,
): void {
  const words = new Uint32Array(BYTES / 4);
  const sites: Site[] = [];
  for (const { event } of program) if ('site' in event) sites[event.site.id] = event.site;
  const threadNames = Array.from({ length: THREADS }, (_, i) => `t${i}`);
  detector.open({ words, sites, threadNames, nameOf: String });
  detector.begin();
  for (const [index, { event, succeeds }] of program.entries()) {
    each(index);
    if (event.kind === 'access') {
      detector.access(event.thread, event.site, event.address, event.length);
    } else detector.observe(event);
    if (event.kind !== 'access' || event.site.op !== 'cas' || !succeeds) continue;
    words[(event.address + event.length - 1) >>> 2]!++;
  }
  each(program.length);
  detector.observe({ kind: 'finish', thread: 0 });
}

test('every race is found, and nothing else', () => {
  let found = 0;
  for (let seed = 1; seed <= PROGRAMS; seed++) {
    const program = randomProgram(seed);
    const reported = new Set<string>();
    const detector = new RaceDetector({
      onRace: ({ kind, first, second }) => {
        reported.add(`${kind} ${second.site.id}`);
        reported.add(`${kind} ${second.site.id} ${first.site.id}`);
        return true;
      },
    });
    tell(detector, program, () => {});
    const oracle = new RaceOracle();
    const events = program.map(({ event }) => event);
    const idOf = (index: number): number => (events[index] as { site: Site }).site.id;
    for (const [index, told] of program.entries()) {
      const { races, isMixed } = oracle.judge(told);
      if (!('site' in told.event)) continue;
      const id = idOf(index);
      const where = `seed ${seed}, event ${index}`;
      assert.equal(reported.has(`race ${id}`), races.size > 0, where);
      assert.equal(reported.has(`mixed widths ${id}`), isMixed, where);
      for (const other of [...reported].filter((it) => it.startsWith(`race ${id} `))) {
        const partner = Number(other.split(' ')[2]);
        assert.ok(
          [...races].some((it) => idOf(it) === partner),
          where,
        );
      }
      found += Number(races.size > 0);
    }
  }
  assert.ok(found > PROGRAMS, `only ${found} races`);
});

test('the first race ends the execution where the judge says, also with shared sites', () => {
  let clean = 0;
  for (let seed = 1; seed <= PROGRAMS; seed++) {
    const program = randomProgram(seed).map(({ event, succeeds }) => {
      if (event.kind !== 'access') return { event, succeeds };
      const { op, width, atomic } = event.site;
      const id = ATOMIC.indexOf(op) * 32 + PLAIN.indexOf(op) * 4 + width * 512 + Number(atomic);
      return { event: { ...event, site: siteOf(id, op, width, atomic) }, succeeds };
    });
    let at = -1;
    try {
      tell(new RaceDetector(), program, (index) => {
        at = index;
      });
      at = -1;
    } catch (error) {
      assert.ok(error instanceof RaceViolation);
    }
    const oracle = new RaceOracle();
    const expected = program.findIndex((told) => {
      const { races, isMixed } = oracle.judge(told);
      return races.size > 0 || isMixed;
    });
    // What a compare-and-swap did is known one event later.
    const event = program[expected]?.event;
    const isLate = event?.kind === 'access' && event.site.op === 'cas' && at === expected + 1;
    if (!isLate) assert.equal(at, expected, `seed ${seed}`);
    clean += Number(expected < 0);
  }
  assert.ok(clean > 0);
});
