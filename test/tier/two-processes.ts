/**
 * Two processes, or more, over one tier while things are killed:
 * `npm run tier -- [redis | lmdb] [PROCESSES] [SECONDS]`.
 *
 * Each sets and reads random keys, half and half, and writes down when: all into one file, by the
 * one clock that the processes of a machine share. Twice the server is killed and started again;
 * with LMDB, which has none, a process is killed and another one comes. Afterwards the log is
 * judged. A read is *stale* if another write of its key, begun after the value's own had been
 * acknowledged, was itself acknowledged more than `maxStaleMs` before the read began. Of two writes
 * at the same time either may be the later one.
 *
 * A write is in the file before it is done, so a process may be killed at any time. What else it
 * had to write down is lost then: of a write without its acknowledgement nothing is concluded.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SharedCache } from '../../src/cache/constructor.ts';
import type { Tier } from '../../src/tier/interface.ts';
import { lmdbTier } from '../../src/tier/lmdb.ts';
import { redisTier } from '../../src/tier/redis.ts';
import { RedisServer } from '../support/redis-server.ts';
import { seeded } from '../support/seeded.ts';

export interface Run {
  readonly kind: 'redis' | 'lmdb';
  readonly processes: number;
  readonly seconds: number;
  readonly keys: number;
  /** What is told is kept from them, they believe for ever, and all but the first only read. */
  readonly isDeaf?: boolean;
}

export interface Verdict {
  reads: number;
  writes: number;
  acked: number;
  stale: number;
  /** How far behind the worst read was: ms between a newer value's acknowledgement and it. */
  worstMs: number;
}

/** Times in milliseconds. `acked`: undefined if it never was, for all we know. */
interface Write {
  readonly key: string;
  readonly begun: number;
  acked: number | undefined;
}

const MAX_STALE_MS = 300;
const FOR_EVER_MS = 2 ** 31 - 1;
/** Loops of a process. */
const LOOPS = 4;
const self = fileURLToPath(import.meta.url);
const now = () => Number(process.hrtime.bigint()) / 1e6;

/** Runs for so long. @returns what was seen */
export async function run(options: Run): Promise<Verdict> {
  const { kind, processes, seconds } = options;
  const folder = mkdtempSync(join(tmpdir(), 'pageless-processes-'));
  const server = kind === 'redis' ? await RedisServer.start() : undefined;
  const place = server?.path ?? join(folder, 'tier');
  const children = new Set<ChildProcess>();
  let started = 0;
  const start = async () => {
    const settings = { ...options, place, log: join(folder, 'log'), name: `${started++}` };
    const child = fork(self, [JSON.stringify(settings)]);
    children.add(child);
    await heardFrom(child);
  };
  try {
    await Promise.all(Array.from({ length: processes }, start));
    for (let kill = 0; kill < 2; kill++) {
      await sleep((seconds * 1000) / 3);
      if (server) await restart(server);
      else await replace(children, start);
    }
    await sleep((seconds * 1000) / 3);
    await Promise.all(Array.from(children, end));
    return judge(readFileSync(join(folder, 'log'), 'utf8'));
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function restart(server: RedisServer): Promise<void> {
  await server.kill();
  await sleep(100);
  await server.start();
}

async function replace(children: Set<ChildProcess>, start: () => Promise<void>): Promise<void> {
  const [victim] = children;
  const gone = once(victim!, 'exit');
  victim!.kill('SIGKILL');
  await gone;
  children.delete(victim!);
  await start();
}

/** Has a process write down what is left, and end. */
async function end(child: ChildProcess): Promise<void> {
  const heard = heardFrom(child);
  child.send('end');
  await heard;
}

/** The next message of a process; it is no answer if it ends instead. */
async function heardFrom(child: ChildProcess): Promise<unknown> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`a process ended with ${code}`);
  });
  ended.catch(() => undefined);
  const [message] = await Promise.race([once(child, 'message'), ended]);
  return message;
}

/** Lines: `w` value key time, `a` value time, `r` value key time. */
function judge(log: string): Verdict {
  const lines = log
    .trim()
    .split('\n')
    .map((line) => line.split(' ') as [string, string, string, string]);
  const writes = new Map<string, Write>();
  for (const [what, value, key, time] of lines) {
    if (what === 'w') writes.set(value, { key, begun: Number(time), acked: undefined });
  }
  for (const [what, value, time] of lines) {
    if (what === 'a') writes.get(value)!.acked = Number(time);
  }
  const byKey = Map.groupBy(writes.values(), ({ key }) => key);
  const reads = lines.filter(([what]) => what === 'r');
  let stale = 0;
  let worstMs = 0;
  for (const [, value, key, time] of reads) {
    const own = writes.get(value);
    assert.equal(own?.key, key, 'a value of another key, or of nobody');
    if (own?.acked === undefined) continue;
    const readAt = Number(time);
    let behindMs = 0;
    for (const { begun, acked } of byKey.get(key)!) {
      if (acked !== undefined && begun > own.acked) behindMs = Math.max(behindMs, readAt - acked);
    }
    worstMs = Math.max(worstMs, behindMs);
    if (behindMs > MAX_STALE_MS) stale++;
  }
  const acked = [...writes.values()].filter((write) => write.acked !== undefined).length;
  return { reads: reads.length, writes: writes.size, acked, stale, worstMs };
}

type Settings = Run & { place: string; log: string; name: string };

function openTier({ kind, place, isDeaf }: Settings): Tier & { connect(): Promise<void> } {
  const policy = { maxStaleMs: isDeaf ? FOR_EVER_MS : MAX_STALE_MS };
  if (kind === 'lmdb') return lmdbTier({ path: place, ...policy });
  const tier = redisTier({ keyPrefix: 'run', socket: { path: place }, ...policy });
  if (!isDeaf) return tier;
  const listen = tier.invalidations!.bind(tier);
  tier.invalidations = (listener) =>
    listen((event) => {
      if (event.type === 'armed' || event.type === 'lost') listener(event);
    });
  return tier;
}

/** The log of this process's part: what is kept back goes with the next write's begin. */
class Log {
  readonly #file: number;
  #kept = '';

  constructor(path: string) {
    this.#file = openSync(path, 'a');
  }

  add(...words: (string | number)[]): void {
    this.#kept += `${words.join(' ')}\n`;
    if (words[0] === 'w') this.flush();
  }

  flush(): void {
    writeSync(this.#file, this.#kept);
    this.#kept = '';
  }
}

/** One process: loops on one cache, until it is told to end. */
async function child(settings: Settings): Promise<void> {
  const tier = openTier(settings);
  const cache = new SharedCache<string>({ maxSize: '16MiB', values: 'string', tier });
  await tier.connect();
  const log = new Log(settings.log);
  const state = { isOver: false };
  process.once('message', () => {
    state.isOver = true;
  });
  process.send!('ready');
  const loops = Array.from({ length: LOOPS }, (_, n) => `${settings.name}.${n}`);
  await Promise.all(loops.map((name) => loop(cache, log, settings, name, state)));
  log.flush();
  process.send!('done', () => process.exit(0));
}

async function loop(
  cache: SharedCache<string>,
  log: Log,
  settings: Settings,
  name: string,
  state: { isOver: boolean },
): Promise<void> {
  const random = seeded(name);
  const isReader = settings.isDeaf && settings.name !== '0';
  for (let step = 0; !state.isOver; step++) {
    const key = `key:${random.int(settings.keys)}`;
    const begun = now();
    if (random.int(2) === 0 && !isReader) {
      const value = `${name}:${step}`;
      log.add('w', value, key, begun);
      cache.set(key, value);
      const flushed = await cache.flush({ timeoutMs: 200 }).catch(() => undefined);
      if (flushed?.dropped === 0) log.add('a', value, now());
    } else {
      const value = cache.get(key) ?? (await cache.getAsync(key));
      if (value !== undefined) log.add('r', value, key, begun);
    }
    // Hits alone would not let the event loop turn.
    if (step % 16 === 0) await sleep(0);
  }
}

if (process.argv[1] === self) {
  const [, , first = 'redis', processes = '2', seconds = '60'] = process.argv;
  if (process.send) await child(JSON.parse(first) as Settings);
  else {
    const kind = first === 'lmdb' ? 'lmdb' : 'redis';
    const options = { kind, processes: Number(processes), seconds: Number(seconds), keys: 1000 };
    const verdict = await run(options as Run);
    console.log(verdict);
    if (verdict.stale > 0) process.exitCode = 1;
  }
}
