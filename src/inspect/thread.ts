/**
 * The inspector's own thread: looks at zones, serves the page, writes the recording.
 *
 * It never attaches to a zone, so the program can neither wait for it nor see it die. What it is
 * told by the thread that called `inspect` stands in messages.ts.
 */
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { IncompatibleZoneError } from '../errors.ts';
import { Broadcast } from './broadcast.ts';
import { ZoneFeed } from './feed.ts';
import type { FromThread, ThreadData, ToThread } from './messages.ts';
import { Recorder } from './recorder.ts';
import { listen } from './server.ts';

/** How long the program may take to answer; while it computes it answers nobody. */
const KEYS_TIMEOUT_MS = 2000;

const port = parentPort!;
const { head, token, port: wanted, record, frames } = workerData as ThreadData;
const broadcast = new Broadcast(head);
const answers = new Map<number, (keys: string[]) => void>();
let recorder: Recorder | undefined;
let server: Server | undefined;
let asked = 0;

const say = (message: FromThread): void => port.postMessage(message);

function keysOf(zone: number, find: string): Promise<unknown> {
  if (!head.hasKeys || !broadcast.feed(zone)) return Promise.resolve(undefined);
  const id = ++asked;
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      answers.delete(id);
      resolve({ isBusy: true, keys: [] });
    }, KEYS_TIMEOUT_MS);
    answers.set(id, (keys) => {
      clearTimeout(timer);
      answers.delete(id);
      resolve({ isBusy: false, keys });
    });
    say({ kind: 'keys', id, zone, find });
  });
}

function describe(zone: number, pfn: number): unknown {
  const look = broadcast.feed(zone)?.look;
  return look && pfn >= 0 && pfn < look.pages ? look.describe(pfn) : undefined;
}

function add({ zone, memory, title }: Extract<ToThread, { kind: 'add' }>): void {
  try {
    broadcast.add(new ZoneFeed(zone, memory, title));
    // A feed of its own: it looks more rarely, and must see what changed since *its* last look.
    recorder?.add(new ZoneFeed(zone, memory, title));
  } catch (error) {
    // It was closed before it was looked at, and its memory is being made another zone.
    if (!(error instanceof IncompatibleZoneError)) throw error;
  }
}

async function close(): Promise<void> {
  broadcast.close();
  server?.close();
  server?.closeAllConnections();
  await recorder?.close();
  port.close();
}

port.on('message', (message: ToThread) => {
  if (message.kind === 'add') add(message);
  else if (message.kind === 'keys') answers.get(message.id)?.(message.keys);
  else if (message.kind === 'close') void close();
  else {
    broadcast.drop(message.zone, message.why);
    recorder?.drop(message.zone, message.why);
  }
});

async function start(): Promise<void> {
  if (record !== undefined) recorder = await Recorder.open(record, head);
  const stream = (to: ServerResponse) => (frames ? to.end(frames) : broadcast.watch(to));
  const source = { stream, describe, keys: keysOf };
  if (wanted !== false) server = await listen(wanted, token, source);
  say({ kind: 'ready', port: (server?.address() as AddressInfo | undefined)?.port });
}

start().catch((error: NodeJS.ErrnoException) => {
  say({ kind: 'failed', what: error.syscall === 'listen' ? 'port' : 'record', why: error.message });
  port.close();
});
