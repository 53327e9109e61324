/**
 * The registry: which zones this thread is attached to. A thread has one slot in each, however many
 * caches and arenas it opens on it; the registry in `globalThis` finds it, also when the package is
 * loaded twice.
 */
import type { MessagePort, Worker } from 'node:worker_threads';
import type { KernelExports } from '../border/kernel.ts';
import { abi, abiOf, ownVersion } from '../border/version.ts';
import { IncompatibleZoneError } from '../errors.ts';
import * as facts from '../generated/facts.ts';

/** What a zone keeps of the lock that its thread holds for its life: life-lock.ts. */
export interface LifeLock {
  /** To be called when the slot is given back. */
  release(): void;
}

/** What a thread knows of a zone that it is attached to. */
export interface Zone {
  id: string;
  memory: WebAssembly.Memory;
  kernel: KernelExports;
  /** The number under which the kernel knows this thread here. */
  owner: number;
  /** Arenas of this thread on the zone; the slot goes with the last. */
  users: number;
  /** Whether this thread has its slot still. */
  hasSlot: boolean;
  /** Kept open as long as the thread is attached: the supervisor sees it close. */
  lifeline?: MessagePort;
  /** In browsers. */
  life?: LifeLock | undefined;
  /**
   * Called when somebody has waited long and this thread's stack is empty: what the kernel takes
   * for a call under way was cut short.
   */
  onLook?: () => void;
}

export interface Registry {
  /** Of the package's copy that came first. All who share this have its ABI. */
  readonly version: string;
  zones: Map<string, Zone>;
  /**
   * Memory of zones that this thread has closed, for the next zones. Weakly: what the engine
   * collects is given back.
   */
  closed: WeakRef<WebAssembly.Memory>[];
  /** The supervisor that this thread has started. */
  supervisor?: { worker: Worker; owner: number };
  /** How many of them have ended before this thread. */
  lost: number;
  isWatching: boolean;
  isWarned: boolean;
}

type WorkerThreads = typeof import('node:worker_threads');

const registryKey = Symbol.for('pageless');
const holder = globalThis as unknown as Record<symbol, Registry | undefined>;

/** Throws `IncompatibleZoneError` if a version that does not work with this one came first. */
export function registry(): Registry {
  holder[registryKey] ??= {
    version: ownVersion,
    zones: new Map(),
    closed: [],
    lost: 0,
    isWatching: false,
    isWarned: false,
  };
  const { version } = holder[registryKey];
  if (version === ownVersion || abiOf(version) === abi) return holder[registryKey];
  throw new IncompatibleZoneError(
    `this is pageless ${ownVersion}, and the thread uses ${version} already`,
  );
}

/**
 * Whether this runtime tells of a thread's end only once it has ended. Deno 2.9 does not: `exit`
 * comes, and Web Locks come free, while the worker's code still runs. So nobody is buried there.
 */
export function tellsOfEnds(): boolean {
  return !('Deno' in globalThis);
}

/** Node's module, or undefined in a browser. */
export function workerThreads(): WorkerThreads | undefined {
  return globalThis.process?.getBuiltinModule?.('node:worker_threads');
}

/**
 * The number under which the kernel is to know this thread; never 0. In Node its id and one,
 * elsewhere another one each time that it attaches.
 */
export function threadOwner(): number {
  const threads = workerThreads();
  return threads ? threads.threadId + 1 : 1 + Math.floor(Math.random() * 0xfffffffe);
}

/**
 * Whether this thread may block: a browser's main thread may not, nor an audio worklet. Tried,
 * since nothing tells.
 */
export function mayPark(): boolean {
  canBlock ??= tryToBlock();
  return canBlock;
}

let canBlock: boolean | undefined;

function tryToBlock(): boolean {
  try {
    return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1) === 'not-equal';
  } catch {
    return false;
  }
}

/** Whether there is a thread of that number that has a slot, and is not known to be dead. */
export function isAttached(kernel: Pick<KernelExports, 'liveOwner'>, owner: number): boolean {
  for (let slot = 1; owner !== 0 && slot <= facts.MAX_SLOT; slot++) {
    if (kernel.liveOwner(slot) >>> 0 === owner) return true;
  }
  return false;
}

/** Without the supervisor, which takes a slot some time after the first thread. */
export function usersThreads(
  kernel: Pick<KernelExports, 'liveOwner' | 'liveThreads' | 'supervisorOwner'>,
): number {
  return kernel.liveThreads() - (isAttached(kernel, kernel.supervisorOwner() >>> 0) ? 1 : 0);
}
