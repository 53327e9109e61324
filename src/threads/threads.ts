/**
 * Threads: who is attached to which zone here, and who notices when one is gone.
 *
 * A thread has one slot in each zone, however many caches and arenas it opens on it; the registry
 * in `globalThis` finds it, also when the package is loaded twice.
 *
 * A thread's death must be *proven*, never guessed from a time-out:
 *   - whoever created the worker sees its `exit` event, after which none of its code runs;
 *   - a supervisor, a small worker of the zone's creator, holds one end of a channel, the
 *     *lifeline*, of every attached thread and sees it close, even while the creator is busy.
 * Either marks the dead thread's slots and gives back what it owned, or, if it died inside the
 * kernel, poisons the zone.
 *
 * What is not covered: lifelines travel through the main thread's event loop. A thread that dies
 * before that has turned once since it attached is noticed when it turns; so if the main thread
 * waits, inside a call, for a lock of that very thread, it waits for ever. And the supervisor ends
 * with its creator: a zone that is to outlive its creator is best created by the main thread.
 */
import type { MessagePort, Worker } from 'node:worker_threads';
import { type KernelExports, openKernel } from '../border/kernel.ts';
import * as facts from '../generated/facts.ts';

const RETRY_MS = 1;

/** What a thread knows of a zone that it is attached to. */
export interface Zone {
  id: string;
  memory: WebAssembly.Memory;
  kernel: KernelExports;
  /** Arenas of this thread on the zone; the slot goes with the last. */
  users: number;
  /** Thread id of the supervisor, −1 where there is none. */
  supervisor: number;
  /** Kept open as long as the thread is attached: the supervisor sees it close. */
  lifeline?: MessagePort;
}

/** What a thread sends to the supervisor when it attaches. */
export interface Lifeline {
  zone: string;
  memory: WebAssembly.Memory;
  owner: number;
  port: MessagePort;
}

interface Registry {
  zones: Map<string, Zone>;
  supervisor?: Worker;
  isWatching: boolean;
}

type WorkerThreads = typeof import('node:worker_threads');

const registryKey = Symbol.for('pageless');
const holder = globalThis as unknown as Record<symbol, Registry | undefined>;

export function registry(): Registry {
  holder[registryKey] ??= { zones: new Map(), isWatching: false };
  return holder[registryKey];
}

/** Node's module, or undefined in a browser. */
export function workerThreads(): WorkerThreads | undefined {
  return globalThis.process?.getBuiltinModule?.('node:worker_threads');
}

const browserOwner = 1 + Math.floor(Math.random() * 0xfffffffe);

/** The number under which the kernel knows this thread; never 0. */
export function threadOwner(): number {
  const threads = workerThreads();
  return threads ? threads.threadId + 1 : browserOwner;
}

/** False only on a browser's main thread, which may not block. */
export function mayPark(): boolean {
  return workerThreads() !== undefined || typeof document === 'undefined';
}

export function zoneIdOf(kernel: Pick<KernelExports, 'zoneIdHi' | 'zoneIdLo'>): string {
  const word = (value: number) => (value >>> 0).toString(16).padStart(8, '0');
  return word(kernel.zoneIdHi()) + word(kernel.zoneIdLo());
}

/** Enters a zone into the registry and makes this thread's death noticeable. */
export function enroll(
  memory: WebAssembly.Memory,
  kernel: KernelExports,
  supervisor: number,
): Zone {
  const zone: Zone = { id: zoneIdOf(kernel), memory, kernel, users: 1, supervisor };
  registry().zones.set(zone.id, zone);
  watchWorkers();
  giveLifeline(zone);
  return zone;
}

/** Gives the slot back when the last user in this thread is gone. */
export function withdraw(zone: Zone): void {
  zone.users--;
  if (zone.users > 0) return;
  registry().zones.delete(zone.id);
  // In this order: a lifeline that closes while the slot is live would mean death.
  detachQuietly(zone.kernel);
  zone.lifeline?.postMessage('left');
  zone.lifeline?.close();
}

/** Gives the slot back. A poisoned zone takes nothing back, and says so to whoever calls it next. */
export function detachQuietly(kernel: KernelExports): void {
  try {
    if (kernel.fault() === 0) kernel.detach();
  } catch (error) {
    if (kernel.fault() === 0) throw error;
  }
}

/** Notices the exit of every worker that this thread creates from now on. */
function watchWorkers(): void {
  if (registry().isWatching || !globalThis.process?.on) return;
  registry().isWatching = true;
  process.on('worker', (worker) => {
    // After the exit event the id reads −1.
    const owner = worker.threadId + 1;
    worker.once('exit', () => {
      for (const zone of registry().zones.values()) buryThread(zone.kernel, owner);
    });
  });
}

/**
 * Marks a thread dead and, with a slot of one's own, gives back what it owned. Its death must be
 * certain. Called from event handlers: a zone that is poisoned meanwhile is no exception here.
 */
export function buryThread(kernel: KernelExports, owner: number, hasSlot = true): void {
  if (kernel.markDead(owner) > 0 && hasSlot) recover(kernel);
}

/**
 * Repairs and returns what the dead left. While another thread is inside that does not come out,
 * this one goes on with its events: the other may be dead as well, and that news be among them.
 */
function recover(kernel: KernelExports): void {
  try {
    if (kernel.fault() !== 0 || kernel.recoverDead() !== facts.ERR_BUSY) return;
    setTimeout(() => recover(kernel), RETRY_MS);
  } catch (error) {
    if (kernel.fault() === 0) throw error;
  }
}

/**
 * What the supervisor runs first. Loading its modules takes several turns of its event loop, and a
 * message that comes when nobody listens is lost; so this script, which runs at once, keeps them.
 */
const supervisorBoot = `
const { parentPort, workerData } = require('node:worker_threads');
parentPort.ref(); // nothing comes, but it keeps the thread
const early = [];
const keep = (lifeline) => { early.push(lifeline); };
process.on('workerMessage', keep);
import(workerData).then(({ supervise }) => {
  process.off('workerMessage', keep);
  supervise(early);
});`;

/** Starts this thread's supervisor if need be. @returns its thread id, or −1 where there is none */
export function startSupervisor(): number {
  const threads = workerThreads();
  if (!threads?.postMessageToThread) return -1;
  const known = registry();
  if (!known.supervisor) {
    const file = import.meta.url.endsWith('.ts') ? './supervisor.ts' : './supervisor.js';
    const supervisor = new threads.Worker(supervisorBoot, {
      name: 'pageless supervisor',
      eval: true,
      workerData: new URL(file, import.meta.url).href,
      execArgv: [],
      stdout: false,
    });
    supervisor.unref();
    // Without a supervisor exit events are left: no reason to end the program.
    supervisor.on('error', () => {});
    supervisor.once('exit', () => {
      delete known.supervisor;
    });
    known.supervisor = supervisor;
  }
  return known.supervisor.threadId;
}

/** Hands the zone's supervisor one end of a channel that closes when this thread ends. */
function giveLifeline(zone: Zone): void {
  const threads = workerThreads();
  if (!threads?.postMessageToThread || zone.supervisor < 0) return;
  const { port1, port2 } = new threads.MessageChannel();
  zone.lifeline = port1;
  const { id, memory, kernel, supervisor } = zone;
  const lifeline: Lifeline = { zone: id, memory, owner: threadOwner(), port: port2 };
  threads.postMessageToThread(supervisor, lifeline, [port2]).then(
    () => {
      // Closed by the other side: the supervisor has ended, and has a slot like everybody.
      port1.once('close', () => {
        if (zone.users > 0) buryThread(kernel, supervisor + 1);
      });
      port1.unref();
    },
    () => {
      // The supervisor went with its creator: exit events are what is left.
    },
  );
  port1.unref();
}

/** An instance for this thread: of a zone it knows already, or a new one. */
export function findZone(memory: WebAssembly.Memory): Zone | KernelExports {
  const kernel = openKernel(memory);
  const zone = registry().zones.get(zoneIdOf(kernel));
  return zone ?? kernel;
}
