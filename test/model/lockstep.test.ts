/**
 * The model checker against reality: virtual threads and real workers, given one schedule, make
 * the same accesses with the same values in the same order, and leave the same memory.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EngineEvent, explore, type Instrumented, type Observer } from './engine/index.ts';
import { programs } from './engine/programs.ts';
import { RandomWalk } from './engine/strategies/random-walk.ts';
import { Replay } from './engine/strategies/replay.ts';
import type { Strategy } from './engine/strategy.ts';
import { wasm as api, type Memory } from './engine/wasm-api.ts';
import { loadKernel } from './kernel-model.ts';
import { type Entry, NO_SITE, type Run, runInLockstep, THREADS, valueAt } from './lockstep.ts';
import { type CallBody, type LockstepName, lockstepPrograms } from './lockstep-programs.ts';

const PAGES = 64;
const SEED = 2026;

const modules: Record<LockstepName, Instrumented> = {
  pages: loadKernel('release'),
  locks: await programs(),
};

/** The other thread after each step, if it can run. */
function roundRobin(): Strategy {
  const choose = (offer: number, running: number): number => {
    const other = running < 0 ? 0 : 1 - running;
    return (offer & (1 << other)) !== 0 ? other : 1 - other;
  };
  return {
    begin: () => {},
    choose,
    killAtStore: () => false,
    advance: () => false,
    complete: false,
  };
}

const ways: Record<string, () => Strategy> = {
  'all of one thread, then the other': () => new Replay(''),
  'round robin': roundRobin,
  'by chance': () => new RandomWalk(SEED),
};

/** Writes events down as the workers do; values once the access has been made. */
class Log implements Observer {
  readonly entries: Entry[] = [];
  #words!: Uint32Array;
  #open: { entry: Entry; length: number } | null = null;
  #parkedOn: number[] = [];

  open({ words }: { words: Uint32Array }): void {
    this.#words = words;
  }

  observe(event: EngineEvent): void {
    this.close();
    if (event.kind === 'access') {
      const entry: Entry = [event.thread, event.site.id, event.address | 0, 0];
      this.entries.push(entry);
      this.#open = { entry, length: event.length };
    } else if (event.kind === 'wait') {
      this.#parkedOn[event.thread] = event.address;
      this.entries.push([event.thread, event.site.id, event.address, Number(event.parked)]);
    } else if (event.kind === 'notify') {
      this.entries.push([event.thread, event.site.id, event.address, event.woken.length]);
    } else if (event.kind === 'resume') {
      const address = this.#parkedOn[event.thread]!;
      this.entries.push([event.thread, NO_SITE, address, Number(event.timedOut)]);
    }
  }

  close(): void {
    const open = this.#open;
    this.#open = null;
    if (open !== null) open.entry[3] = valueAt(this.#words, open.entry[2] >>> 0, open.length);
  }
}

async function drive(
  body: CallBody,
  call: (name: string, ...args: (number | bigint)[]) => Promise<unknown>,
): Promise<void> {
  const calls = body();
  let step = calls.next();
  while (!step.done) step = calls.next(Number(await call(...step.value)));
}

/** One execution in the engine, and its schedule; memory as it was before the threads ran. */
async function runInEngine(
  name: LockstepName,
  mode: Strategy,
): Promise<Run & { schedule: string; before: Uint32Array }> {
  const { prepare, attach, body } = lockstepPrograms[name];
  const log = new Log();
  let before = new Uint32Array();
  let words = new Uint32Array();
  let schedule = '';
  const report = await explore({
    wasm: modules[name],
    memory: { pages64k: PAGES },
    setup: ({ main, threads, words: now }) => {
      for (const [fn, ...args] of prepare) main.callNow(fn, ...args);
      before = now.slice();
      for (const thread of threads) {
        for (const [fn, ...args] of attach(thread.index)) thread.callNow(fn, ...args);
      }
    },
    threads: Array.from({ length: THREADS }, () => (thread) => {
      return drive(body, (fn, ...args) => thread.call(fn, ...args));
    }),
    check: (machine) => {
      log.close();
      words = machine.words.slice();
      schedule = machine.schedule.toString();
    },
    mode,
    maxExecutions: 1,
    observer: log,
  });
  assert.equal(report.failure?.trace, undefined);
  return { entries: log.entries, words, schedule, before };
}

for (const name of Object.keys(modules) as LockstepName[]) {
  test(`${name}: real workers do what virtual threads do`, async (context) => {
    const traces = new Set<string>();
    for (const [title, way] of Object.entries(ways)) {
      const found = await runInEngine(name, way());
      const engine = await runInEngine(name, new Replay(found.schedule));
      const memory: Memory = new api.Memory({ initial: PAGES, maximum: PAGES, shared: true });
      new Uint32Array(memory.buffer).set(engine.before);
      const workers = await runInLockstep(name, modules[name], memory, found.schedule);
      assert.deepEqual(workers.entries, engine.entries, `${title}: ${found.schedule}`);
      assert.ok(Buffer.from(workers.words.buffer).equals(Buffer.from(engine.words.buffer)), title);
      context.diagnostic(`${title}: ${engine.entries.length} events, ${found.schedule}`);
      traces.add(JSON.stringify(engine.entries));
    }
    assert.equal(traces.size, Object.keys(ways).length, 'each schedule must show something else');
  });
}
