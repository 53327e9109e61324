/**
 * Supervision: who sees that a thread is gone, also when everybody is busy.
 *
 * A *supervisor* is a worker that computes nothing (supervisor.ts). Each zone names the one that it
 * has in a word of its own (kernel/thread/supervision.ts), and each attached thread gives that one
 * a lifeline. A supervisor ends with the thread that started it; then every lifeline of the zone
 * closes, and each thread that answers its events
 *   - buries the supervisor, for a closed end is a proof;
 *   - names another, by compare-and-swap from the dead one: whoever is first starts or has it;
 *   - gives its lifeline to whoever the word names now.
 * So the role goes to a thread that does answer, and wandering costs no more than a word. The new
 * supervisor, and whoever has named it, look for those who died while nobody watched (proofs.ts).
 *
 * There is one supervisor a process, as long as the main thread has opened a zone before it started
 * its workers, for those inherit its number; else one for each group of threads that share zones.
 *
 * Where none can be started (no workers allowed, another runtime) the program goes on without, and
 * says so once. Then exits are noticed by whoever created the worker, when it turns to its events.
 */
import type { MessagePort, WorkerOptions } from 'node:worker_threads';
import { kernelModule } from '../border/kernel.ts';
import { later } from '../border/timer.ts';
import { abi } from '../border/version.ts';
import { supervisorProgram } from '../generated/supervisor-program.ts';
import { buryThread } from './burial.ts';
import type { Introduction, Lifeline } from './lifeline.ts';
import { isUnknownThread, lookForDead } from './proofs.ts';
import {
  isAttached,
  registry,
  tellsOfEnds,
  threadOwner,
  workerThreads,
  type Zone,
} from './registry.ts';

/** Under which workers inherit the number of the supervisor that their creator knew. */
const INHERITED = `pageless supervisor ${abi}`;
/** Supervisors that may end before their thread does until it gives up: something ends them. */
const MAX_LOST = 3;
/**
 * One that does not listen is tried again so often, so many milliseconds apart: it may be starting.
 */
const LISTEN_TRIES = 100;
const LISTEN_RETRY_MS = 20;

/**
 * No more than it needs, and nothing of the program's: an environment of its own, because
 * NODE_OPTIONS would load the program's preloads into it; no streams. Its heap is 7 MiB and 77
 * KiB for each zone, so there is room for 1,500 zones; a limit that is not reached costs nothing.
 */
const options: WorkerOptions = {
  name: 'pageless supervisor',
  eval: true,
  env: {},
  execArgv: [],
  stdin: false,
  stdout: true,
  stderr: true,
  trackUnmanagedFds: false,
  resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 },
};

/**
 * Has the zone's supervisor see this thread's end; names one if there is none.
 *
 * @param gone  the owner number of a supervisor that is dead or does not answer
 */
export function seekSupervisor(zone: Zone, gone = 0): void {
  const { kernel } = zone;
  let owner = kernel.supervisorOwner() >>> 0;
  if (owner === gone) owner = kernel.succeedSupervisor(gone, chooseSupervisor(gone)) >>> 0;
  if (owner !== 0) giveLifeline(zone, owner, gone);
}

/** @returns the owner number of a supervisor that this thread knows or starts; 0: there is none */
function chooseSupervisor(gone: number): number {
  const known = registry();
  const threads = workerThreads();
  if (known.supervisor && known.supervisor.owner !== gone) return known.supervisor.owner;
  const inherited = threads?.getEnvironmentData?.(INHERITED);
  if (typeof inherited === 'number' && inherited !== gone) return inherited;
  if (!threads?.postMessageToThread || !tellsOfEnds()) {
    return doWithout('this runtime does not tell of ends');
  }
  if (known.lost >= MAX_LOST) return doWithout('it ends whenever it is started');
  try {
    return startSupervisor(threads);
  } catch (error) {
    return doWithout((error as Error).message);
  }
}

function startSupervisor(threads: typeof import('node:worker_threads')): number {
  const known = registry();
  const worker = new threads.Worker(supervisorProgram, options);
  const supervisor = { worker, owner: worker.threadId + 1 };
  worker.unref();
  // Its end is noticed by its lifelines.
  worker.on('error', () => {});
  worker.once('exit', () => {
    known.lost++;
    if (known.supervisor === supervisor) delete known.supervisor;
  });
  known.supervisor = supervisor;
  threads.setEnvironmentData(INHERITED, supervisor.owner);
  return supervisor.owner;
}

function doWithout(reason: string): 0 {
  const known = registry();
  if (known.isWarned) return 0;
  known.isWarned = true;
  globalThis.process?.emitWarning?.(
    `Threads that are killed are noticed late: there is no supervisor (${reason})`,
    { type: 'PagelessWarning', code: 'PAGELESS_UNSUPERVISED' },
  );
  return 0;
}

/** Hands a supervisor one end of a channel that closes when this thread ends. */
function giveLifeline(zone: Zone, owner: number, gone: number, tries = 0): void {
  const { port1, port2 } = new (workerThreads()!.MessageChannel)();
  const { id, memory } = zone;
  const first: Lifeline = { zone: id, memory, module: kernelModule(), owner: threadOwner(), gone };
  zone.lifeline = port1;
  port1.postMessage(first);
  port1.on('message', () => {
    zone.onLook?.();
    port1.postMessage('seen');
  });
  port1.once('close', () => {
    if (zone.lifeline === port1 && zone.hasSlot) succeed(zone, owner);
  });
  port1.unref();
  introduce(owner, port2, () => {
    if (zone.lifeline === port1 && zone.hasSlot) insist(zone, owner, gone, tries);
  });
}

function introduce(owner: number, port: MessagePort, refused: () => void): void {
  const introduction: Introduction = { pageless: 'lifeline', port };
  const own = registry().supervisor;
  if (own?.owner === owner) {
    own.worker.postMessage(introduction, [port]);
    return;
  }
  workerThreads()!
    .postMessageToThread(owner - 1, introduction, [port])
    .catch((error: unknown) => {
      if (isUnknownThread(error)) refused();
    });
}

/**
 * A supervisor has ended for certain. The next one takes a while to start, so others are looked
 * for.
 */
function succeed(zone: Zone, gone: number): void {
  buryThread(zone, gone);
  seekSupervisor(zone, gone);
  const self = threadOwner();
  lookForDead(workerThreads()!, zone, (owner) => owner === self);
}

/** Nobody listened: the supervisor has ended, or has only just been started. */
function insist(zone: Zone, owner: number, gone: number, tries: number): void {
  zone.lifeline?.close();
  delete zone.lifeline;
  // What has a slot has listened before, and would again.
  if (isAttached(zone.kernel, owner)) succeed(zone, owner);
  else if (tries >= LISTEN_TRIES) seekSupervisor(zone, owner);
  else later(() => tryAgain(zone, owner, gone, tries + 1), LISTEN_RETRY_MS, false);
}

function tryAgain(zone: Zone, owner: number, gone: number, tries: number): void {
  if (!zone.hasSlot || zone.lifeline) return;
  if (zone.kernel.supervisorOwner() >>> 0 !== owner) seekSupervisor(zone);
  else giveLifeline(zone, owner, gone, tries);
}
