/**
 * Inspectors: the thread that looks and serves, as the thread that asked for it has it in hand.
 *
 * The thread is told what to show and what is closed, and asks back for keys. It does not keep the
 * process alive.
 */
import { basename } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ArenaHandle } from '../arena/arena.ts';
import { checkBoolean, checkFile, checkInteger, checkOptions } from '../border/arguments.ts';
import { openObserver } from '../border/observer.ts';
import { InvalidArgumentError, UnsupportedError } from '../errors.ts';
import { registry } from '../threads/registry.ts';
import { zoneIdOf } from '../threads/zone-id.ts';
import { newToken } from './access.ts';
import { FRAMES_VERSION, type Head } from './figures.ts';
import { findKeys } from './keys.ts';
import type { FromThread, ThreadData, ToThread } from './messages.ts';
import { MAX_ZONES } from './wire.ts';

/** An arena, or a cache, of any half of the package. */
export interface Inspectable {
  readonly handle: ArenaHandle | { kind: 'pageless-cache'; arena: ArenaHandle };
  /** A cache's. */
  keys?(): Iterable<string | Uint8Array>;
}

export interface InspectOptions {
  /** Where the page is served, on 127.0.0.1; 0 (default): any free port; false: nowhere. */
  port?: number | false | undefined;
  /** Lets the page ask for keys of caches. Default false. Values are never shown. */
  keys?: boolean | undefined;
  /** A file to write a recording to, for `pageless inspect FILE`. Replaced if it exists. */
  record?: string | undefined;
  /** What the page is called; default: the program's file. */
  title?: string | undefined;
}

export interface Inspector extends AsyncDisposable {
  /** Address of the page, with its secret; undefined if none is served. */
  readonly url: string | undefined;
  /** Shows another arena or cache. */
  add(target: Inspectable, title?: string): void;
  /** Ends the page and the recording, which is whole when the promise resolves. */
  close(): Promise<void>;
}

const BUNDLED =
  "the inspector's thread is a file of the package, and not there: leave 'pageless/inspect' out of " +
  'the bundle, as an external';

const NEEDED = 'a number where nothing is recorded: nobody would see anything';

/** How often it is looked whether a zone was closed. */
const WATCH_MS = 200;

interface Shown {
  id: string;
  target: Inspectable;
}

/** Starts a thread that shows nothing yet. Throws `InvalidArgumentError`, `UnsupportedError`. */
export async function startInspector(data: ThreadData): Promise<LiveInspector> {
  const worker = new Worker(threadFile(), {
    name: 'pageless inspector',
    workerData: data,
    execArgv: [],
  });
  const port = await ready(worker, data).catch(async (error) => {
    await worker.terminate(); // or it would keep the program, should it not end by itself
    throw error;
  });
  worker.unref();
  const url = port === undefined ? undefined : `http://127.0.0.1:${port}/#${data.token}`;
  return new LiveInspector(worker, url);
}

/** The thread's code: an ES module also where this file is CommonJS, in dist/cjs/. */
function threadFile(): URL {
  const isBundled = (import.meta.url as string | undefined) === undefined;
  if (isBundled) throw new UnsupportedError(BUNDLED);
  if (import.meta.url.endsWith('.ts')) return new URL('./thread.ts', import.meta.url);
  const isCommonJs = import.meta.url.endsWith('/cjs/inspect/index.js');
  const path = isCommonJs ? '../../inspect/thread.js' : './thread.js';
  return new URL(path, import.meta.url);
}

/** What a thread begins with. Throws `InvalidArgumentError`. */
export function threadData(options: InspectOptions, from: Head['from'] = 'program'): ThreadData {
  const known = checkOptions(options, ['port', 'keys', 'record', 'title']);
  const { port = 0, keys = false, record, title } = known;
  if (port !== false) checkInteger('port', port, 0, 65_535);
  else if (record === undefined) throw new InvalidArgumentError('port', NEEDED, port);
  if (record !== undefined) checkFile('record', record);
  if (checkBoolean('keys', keys) && port === false) {
    throw new InvalidArgumentError('keys', 'false where no page is served', keys);
  }
  const head: Head = {
    version: FRAMES_VERSION,
    from,
    title: String(title ?? basename(process.argv[1] ?? 'node')),
    pid: process.pid,
    hasKeys: keys,
  };
  return { head, token: newToken(), port, record };
}

/** Its memory. Throws also if it is disposed. */
export function memoryOf(target: Inspectable): WebAssembly.Memory {
  const handle = typeof target === 'object' && target !== null ? target.handle : undefined;
  const arena = handle?.kind === 'pageless-cache' ? handle.arena : handle;
  if (arena?.kind === 'pageless-arena') return arena.memory;
  throw new InvalidArgumentError('target', 'an Arena or a SharedCache', target);
}

/** The port that the thread serves, once it does. */
function ready(worker: Worker, data: ThreadData): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(withoutFile(error));
    worker.once('error', fail);
    worker.once('message', (message: FromThread) => {
      worker.off('error', fail);
      if (message.kind === 'ready') return resolve(message.port);
      const what = message.kind === 'failed' ? message.what : 'port';
      const why = message.kind === 'failed' ? message.why : 'something else answered';
      const expected = what === 'port' ? 'one that is free' : 'a file that can be written';
      reject(new InvalidArgumentError(what, `${expected} (${why})`, data[what]));
    });
  });
}

/** The thread's file stays behind when what starts it is bundled. Other errors are as they are. */
function withoutFile(error: Error & { code?: unknown }): Error {
  const isMissing = error.code === 'MODULE_NOT_FOUND' || error.code === 'ERR_MODULE_NOT_FOUND';
  return isMissing ? new UnsupportedError(BUNDLED, { cause: error }) : error;
}

export class LiveInspector implements Inspector {
  readonly #worker: Worker;
  /** By number; undefined: a zone that nobody closes. */
  readonly #shown = new Map<number, Shown | undefined>();
  readonly #timer: NodeJS.Timeout;
  readonly #ended: Promise<unknown>;
  readonly url: string | undefined;
  /** How many have been shown. */
  #count = 0;

  constructor(worker: Worker, url: string | undefined) {
    this.#worker = worker;
    this.url = url;
    this.#ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.on('message', (message: FromThread) => this.#hear(message));
    // What fails there ends the page, not the program.
    worker.on('error', ({ message }) => process.emitWarning(`pageless inspector: ${message}`));
    this.#timer = setInterval(() => this.#dropClosed(), WATCH_MS).unref();
    worker.once('exit', () => clearInterval(this.#timer));
  }

  add(target: Inspectable, title?: string): void {
    const memory = memoryOf(target);
    const id = zoneIdOf(openObserver(memory));
    if ([...this.#shown.values()].some((one) => one?.id === id)) return;
    this.#dropClosed();
    const kind = target.keys ? 'cache' : 'arena';
    this.#show(memory, title ?? `${kind} ${this.#count + 1}`, { id, target });
  }

  /** Shows a zone that nobody closes. */
  addMemory(memory: WebAssembly.Memory, title: string): void {
    this.#show(memory, title, undefined);
  }

  #show(memory: WebAssembly.Memory, title: string, shown: Shown | undefined): void {
    let zone = 0;
    while (this.#shown.has(zone)) zone++;
    if (zone === MAX_ZONES) {
      throw new InvalidArgumentError('target', `one of ${MAX_ZONES} at a time`, 'one more');
    }
    this.#shown.set(zone, shown);
    this.#count++;
    this.#say({ kind: 'add', zone, memory, title });
  }

  async close(): Promise<void> {
    this.#say({ kind: 'close' });
    this.#worker.ref();
    await this.#ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Lets go of zones that this thread has left. */
  #dropClosed(): void {
    for (const [zone, shown] of this.#shown) {
      if (shown === undefined || registry().zones.has(shown.id)) continue;
      this.#shown.delete(zone);
      this.#say({ kind: 'drop', zone, why: 'closed by the program' });
    }
  }

  #hear(message: FromThread): void {
    if (message.kind !== 'keys') return;
    const target = this.#shown.get(message.zone)?.target;
    const keys = target?.keys ? findKeys(target.keys(), message.find) : [];
    this.#say({ kind: 'keys', id: message.id, keys });
  }

  #say(message: ToThread): void {
    this.#worker.postMessage(message);
  }
}
