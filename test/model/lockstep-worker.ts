/**
 * One real thread in lockstep (lockstep.ts): blocks at each step until it is its turn.
 *
 * It loads nothing of the engine that rewrites modules, so it begins fast. The value of an access
 * is read when its thread reports the next thing, before it hands over: the
 * access has been done by then, and nobody else has run.
 */
import { workerData } from 'node:worker_threads';
import { PATIENCE_MS } from '../support/patience.ts';
import type { ModelImports } from './engine/instance.ts';
import { NOT_EQUAL, TIMED_OUT, WOKEN as WAS_WOKEN } from './engine/parking-lot.ts';
import { wasm as api, type Export, type Imports } from './engine/wasm-api.ts';
import * as lockstep from './lockstep.ts';
import { type Call, type LockstepProgram, lockstepPrograms } from './lockstep-programs.ts';

const { AT, AWAKE, ENTRY, LOGGED, NOBODY, NO_SITE, SLEEP, TURN, WOKEN } = lockstep;
const { name, wasm, memory, thread, control, turns, log } = workerData as lockstep.LockstepData;
const words = new Uint32Array(memory.buffer);
const program: LockstepProgram = lockstepPrograms[name];
let isLive = false;
let open: { at: number; address: number; length: number } | null = null;

// --- turns -------------------------------------------------------------------------------------

function awaitTurn(): void {
  while (true) {
    const turn = Atomics.load(control, TURN);
    if (turn === thread) return;
    if (turn === NOBODY) throw new Error(`thread ${thread} is not done when the schedule is`);
    const outcome = Atomics.wait(control, TURN, turn, PATIENCE_MS);
    if (outcome === 'timed-out') throw new Error(`thread ${thread} waits for its turn in vain`);
  }
}

function handOver(): void {
  close();
  const next = ++control[AT]!;
  Atomics.store(control, TURN, next < turns.length ? turns[next]! : NOBODY);
  Atomics.notify(control, TURN);
}

// --- the log -----------------------------------------------------------------------------------

function write(site: number, address: number, value: number): number {
  const at = control[LOGGED]!++ * ENTRY;
  log.set([thread, site, address, value], at);
  return at;
}

/** Writes an access down; its value follows. */
function access(site: number, address: number, length: number): void {
  open = { at: write(site, address, 0), address, length };
}

function close(): void {
  if (open !== null) log[open.at + ENTRY - 1] = lockstep.valueAt(words, open.address, open.length);
  open = null;
}

// --- what the module reports -------------------------------------------------------------------

function arrive(): void {
  handOver();
  awaitTurn();
}

/** Parks if the word has the expected value; being woken, or out of time, takes another turn. */
function wait(site: number, address: number, low: number, high: number): number {
  if (!isLive) throw new Error('setup cannot wait');
  arrive();
  const isEqual = (words[address >>> 2]! | 0) === low;
  const isWhole = wasm.sites[site]!.width === 4 || (words[(address >>> 2) + 1]! | 0) === high;
  const parks = isEqual && isWhole;
  write(site, address, Number(parks));
  if (!parks) return NOT_EQUAL;
  control[SLEEP + thread] = address;
  arrive();
  const answer = control[SLEEP + thread] === WOKEN ? WAS_WOKEN : TIMED_OUT;
  control[SLEEP + thread] = AWAKE;
  write(NO_SITE, address, Number(answer === TIMED_OUT));
  return answer;
}

function notify(site: number, address: number, count: number): number {
  if (!isLive) return 0;
  arrive();
  const other = SLEEP + 1 - thread;
  const wakes = count !== 0 && control[other] === address;
  if (wakes) control[other] = WOKEN;
  write(site, address, Number(wakes));
  return Number(wakes);
}

const model: ModelImports = {
  plain(site, address, length) {
    if (!isLive) return;
    close();
    access(site, address >>> 0, length >>> 0);
  },
  step(site, address, width) {
    if (!isLive) return 0;
    arrive();
    access(site, address >>> 0, width);
    return 0;
  },
  wait: (site, address, low, high) => wait(site, address >>> 0, low, high),
  notify: (site, address, count) => notify(site, address >>> 0, count),
  suspend: refuse('suspend, but nobody is frozen here'),
};

// --- the thread --------------------------------------------------------------------------------

function instantiate(): Record<string, Export> {
  const compiled = new api.Module(wasm.bytes);
  const imports: Imports = {};
  for (const { module, name: field, kind } of api.Module.imports(compiled)) {
    imports[module] ??= {};
    if (kind === 'memory') imports[module][field] = memory;
    else imports[module][field] = model[field] ?? refuse(`${module}.${field}`);
  }
  return new api.Instance(compiled, imports).exports as Record<string, Export>;
}

function refuse(what: string): () => never {
  return () => {
    throw new Error(`the module called ${what}`);
  };
}

const functions = instantiate();
const make = ([fn, ...args]: Call): number => Number(functions[fn]!(...args));

awaitTurn();
for (const call of program.attach(thread)) make(call);
arrive();
isLive = true;
const body = program.body();
let step = body.next();
while (!step.done) step = body.next(make(step.value));
handOver();
