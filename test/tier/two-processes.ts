/**
 * Two processes over one Redis that is killed twice: `node test/tier/two-processes.ts [SECONDS]`.
 *
 * Each sets and reads random keys, half and half, and writes down when: by the one clock that all
 * processes of a machine share. Afterwards the log is judged. A read is *stale* if another write of
 * its key, begun after the value's own had been acknowledged, was itself acknowledged more than
 * `maxStaleMs` before the read began. Of two writes at the same time either may be the later one.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SharedCache } from '../../src/cache/constructor.ts';
import { redisTier } from '../../src/tier/redis.ts';
import { RedisServer } from '../support/redis-server.ts';
import { type Seeded, seeded } from '../support/seeded.ts';

const MAX_STALE_MS = 300;
const self = fileURLToPath(import.meta.url);

/** Times in milliseconds. `acked`: infinite if it never was, for all we know. */
interface Write {
  key: string;
  value: string;
  begun: number;
  acked: number | null;
}

interface Read {
  key: string;
  value: string;
  begun: number;
}

interface Log {
  writes: Write[];
  reads: Read[];
  misses: number;
}

export interface Verdict {
  reads: number;
  misses: number;
  writes: number;
  acked: number;
  stale: number;
  /** How far behind the worst read was: ms between a newer value's acknowledgement and it. */
  worstMs: number;
}

const now = () => Number(process.hrtime.bigint()) / 1e6;

/** Runs for so long. @returns what was seen */
export async function twoProcesses(seconds: number, keys = 1000): Promise<Verdict> {
  const server = await RedisServer.start();
  const children = [1, 2].map((id) =>
    fork(self, [server.path, String(seconds), `${keys}`, `${id}`]),
  );
  try {
    // Each is ready when it has found the server.
    await Promise.all(children.map(heardFrom));
    const logs = Promise.all(children.map(heardFrom)) as Promise<Log[]>;
    for (let restart = 0; restart < 2; restart++) {
      await sleep((seconds * 1000) / 3);
      await server.kill();
      await sleep(100);
      await server.start();
    }
    return judge(await logs);
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await server.stop();
  }
}

/** The next message of a child; it is no answer if it ends instead. */
async function heardFrom(child: ChildProcess): Promise<unknown> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`a process ended with ${code}`);
  });
  ended.catch(() => undefined);
  const [message] = await Promise.race([once(child, 'message'), ended]);
  return message;
}

function judge(logs: Log[]): Verdict {
  const writes = logs.flatMap((log) => log.writes);
  const byKey = Map.groupBy(writes, ({ key }) => key);
  const byValue = new Map(writes.map((write) => [write.value, write]));
  const reads = logs.flatMap((log) => log.reads);
  let stale = 0;
  let worstMs = 0;
  for (const read of reads) {
    const own = byValue.get(read.value);
    assert.equal(own?.key, read.key, 'a value of another key, or of nobody');
    if (own?.acked == null) continue;
    for (const { begun, acked } of byKey.get(read.key)!) {
      if (acked === null || begun <= own.acked) continue;
      worstMs = Math.max(worstMs, read.begun - acked);
      if (read.begun - acked > MAX_STALE_MS) stale++;
    }
  }
  return {
    ...{ reads: reads.length, misses: logs.reduce((sum, { misses }) => sum + misses, 0) },
    ...{ writes: writes.length, acked: writes.filter(({ acked }) => acked !== null).length },
    ...{ stale, worstMs },
  };
}

/** One process: four loops on one cache. */
async function child(path: string, seconds: number, keys: number, id: number): Promise<void> {
  const tier = redisTier({ keyPrefix: 'two', socket: { path }, maxStaleMs: MAX_STALE_MS });
  const cache = new SharedCache({ maxSize: '16MiB', values: 'string', tier });
  await tier.connect();
  process.send!('ready');
  const log: Log = { writes: [], reads: [], misses: 0 };
  const end = now() + seconds * 1000;
  await Promise.all([0, 1, 2, 3].map((n) => loop(cache, log, end, keys, `${id}.${n}`)));
  await new Promise((resolve) => process.send!(log, resolve));
  process.exit(0);
}

async function loop(
  cache: SharedCache<string>,
  log: Log,
  end: number,
  keys: number,
  name: string,
): Promise<void> {
  const run: Seeded = seeded(name);
  for (let step = 0; now() < end; step++) {
    const key = `key:${run.int(keys)}`;
    const begun = now();
    if (run.int(2) === 0) {
      const write: Write = { key, value: `${name}:${step}`, begun, acked: null };
      log.writes.push(write);
      cache.set(key, write.value);
      const flushed = await cache.flush({ timeoutMs: 200 }).catch(() => undefined);
      if (flushed?.dropped === 0) write.acked = now();
    } else {
      const value = cache.get(key) ?? (await cache.getAsync(key));
      if (value === undefined) log.misses++;
      else log.reads.push({ key, value, begun });
    }
  }
}

if (process.argv[1] === self) {
  const [, , path, seconds, keys, id] = process.argv;
  if (process.send && id !== undefined) {
    await child(path!, Number(seconds), Number(keys), Number(id));
  } else {
    console.log(await twoProcesses(Number(path ?? 60)));
  }
}
