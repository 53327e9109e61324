/** The inspector: who is told what, and that looking changes nothing. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { createServer } from 'node:net';
import { test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { numbersFrom } from '../../test/support/numbers.ts';
import { poisonZone } from '../../test/support/poison-zone.ts';
import { settled } from '../../test/support/settled.ts';
import { Arena } from '../arena/arena.ts';
import { SharedCache } from '../cache/shared-cache.ts';
import { InvalidArgumentError } from '../errors.ts';
import * as facts from '../generated/facts.ts';
import type { Figures, Tables, ZoneInfo } from './figures.ts';
import { type Inspector, inspect } from './index.ts';
import type { LiveInspector } from './inspector.ts';
import { ZoneLook } from './look.ts';
import {
  decodeMap,
  FIGURES,
  type Frame,
  FrameReader,
  GONE,
  MAP,
  MAX_ZONES,
  TABLES,
  ZONE,
} from './wire.ts';

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

function ask(url: string, path: string, options: object = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, url), options, async (response: IncomingMessage) => {
      let text = '';
      for await (const part of response) text += part;
      resolve({ status: response.statusCode!, headers: response.headers, text });
    });
    sent.once('error', reject);
    sent.end();
  });
}

function bearer({ url }: Inspector): { headers: Record<string, string> } {
  return { headers: { Authorization: `Bearer ${new URL(url!).hash.slice(1)}` } };
}

/** Frames of the stream, until `isEnough`. */
async function watch(inspector: Inspector, isEnough: (frame: Frame) => boolean): Promise<Frame[]> {
  const response = await fetch(new URL('/stream', inspector.url), bearer(inspector));
  const reader = new FrameReader();
  const frames: Frame[] = [];
  for await (const bytes of response.body!) {
    for (const frame of reader.push(bytes)) {
      frames.push(frame);
      if (isEnough(frame)) return frames;
    }
  }
  return frames;
}

function json<T>(frames: Frame[], kind: number): T {
  const found = frames.find((frame) => frame.kind === kind);
  return JSON.parse(Buffer.from(found!.body).toString()) as T;
}

function filled(): SharedCache<string> {
  const cache = new SharedCache<string>({ maxSize: '8MiB', values: 'string' });
  for (let i = 0; i < 2000; i++) cache.set(`key ${i}`, `value ${i} `.repeat(i % 90));
  return cache;
}

const shared = { initial: 1, maximum: 1, shared: true };

test('the page sees what the program reports', async () => {
  using cache = filled();
  await settled(cache.arena);
  await using inspector = await inspect(cache);
  let hasTables = false;
  const frames = await watch(inspector, ({ kind }) => {
    hasTables ||= kind === TABLES;
    return hasTables && kind === FIGURES;
  });
  const report = cache.arena.report();
  const info = json<ZoneInfo>(frames, ZONE);
  assert.equal(info.pages, report.pages);
  const pages: Record<string, number> = {};
  const map = frames.find((frame) => frame.kind === MAP)!;
  decodeMap(map.body, info.pages, (_, count, code) => {
    const use = info.names[code]!;
    pages[use] = (pages[use] ?? 0) + count;
  });
  assert.deepEqual(pages, report.pagesByUse);
  const figures = json<Figures>(frames, FIGURES);
  for (const name of ['entries', 'keyBytes', 'valueBytes', 'sets', 'freePages'] as const) {
    assert.equal(figures[name], report[name], name);
  }
  const tables = json<Tables>(frames, TABLES);
  assert.deepEqual(tables.slabs, cache.arena.slabInfo());
  assert.deepEqual(tables.buddies, cache.arena.buddyInfo());
  // Counted last: it takes scratch.
  assert.deepEqual(tables.classes, cache.arena.reportZsmalloc());
});

test('a page that is asked for is described as by the program', async () => {
  using arena = new Arena({ size: '8MiB' });
  const folio = arena.allocFolio(2)!;
  await using inspector = await inspect(arena);
  await watch(inspector, (frame) => frame.kind === MAP);
  const pages = Array.from({ length: 2048 }, (_, pfn) => arena.describe(pfn));
  const uses = new Map(pages.map((page) => [page.use, page.pfn]));
  for (const [use, pfn] of uses) {
    const { text } = await ask(inspector.url!, `/page?zone=0&pfn=${pfn}`, bearer(inspector));
    const { groupName, ...described } = JSON.parse(text);
    assert.deepEqual(described, pages[pfn], use);
    assert.equal(groupName !== undefined, pages[pfn]!.group !== undefined, use);
  }
  assert.ok(uses.has('anonymous folio') && uses.has('slab'));
  for (const pfn of ['-1', '2048', '9e99', 'x', '']) {
    const path = `/page?zone=0&pfn=${pfn}`;
    assert.equal((await ask(inspector.url!, path, bearer(inspector))).status, 404, pfn);
  }
  folio.free();
});

test('the threads of the page are the user’s: the supervisor is none', async () => {
  using arena = new Arena({ size: '4MiB' });
  await settled(arena);
  assert.equal(arena.report().threads, 2);
  assert.equal(new ZoneLook(arena.memory).figures()?.threads, 1);
});

test('looking changes not one byte', async () => {
  using cache = filled();
  await settled(cache.arena);
  const { memory } = cache.arena.handle;
  const sum = () => createHash('sha256').update(new Uint8Array(memory.buffer)).digest('hex');
  const before = sum();
  const look = new ZoneLook(memory);
  assert.equal(look.changes().count, look.codes.filter((code) => code !== 0).length);
  assert.equal(look.changes().count, 0);
  look.figures();
  assert.ok(look.tables());
  for (let pfn = 0; pfn < look.pages; pfn++) look.describe(pfn);
  assert.equal(sum(), before);
});

test('nobody is told anything without the secret, from elsewhere, or by another method', async () => {
  using arena = new Arena({ size: '4MiB' });
  await using inspector = await inspect(arena, { title: 'tested' });
  const url = inspector.url!;
  const { host } = new URL(url);
  const own = bearer(inspector).headers as Record<'Authorization', string>;
  const cases: [expected: number, path: string, method: string, headers: object][] = [
    [200, '/', 'GET', {}],
    [200, '/', 'HEAD', {}],
    [200, '/page.js', 'GET', {}],
    [200, '/licences.txt', 'GET', {}],
    [200, '/page?zone=0&pfn=1', 'GET', own],
    [200, '/page?zone=0&pfn=1', 'GET', { ...own, Origin: `http://${host}` }],
    [200, '/', 'GET', { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' }],
    [401, '/page?zone=0&pfn=1', 'GET', {}],
    [401, '/stream', 'GET', { Authorization: 'Bearer ' }],
    [401, '/stream', 'GET', { Authorization: `${own.Authorization}x` }],
    [401, '/no-such-file', 'GET', {}],
    [404, '/no-such-file', 'GET', own],
    [404, '/keys?zone=0&find=', 'GET', own],
    [421, '/', 'GET', { Host: 'attacker.example' }],
    [421, '/', 'GET', { Host: '127.0.0.1' }],
    [403, '/page?zone=0&pfn=1', 'GET', { ...own, Origin: 'http://attacker.example' }],
    [403, '/page?zone=0&pfn=1', 'GET', { ...own, Origin: 'null' }],
    [403, '/page?zone=0&pfn=1', 'GET', { ...own, 'Sec-Fetch-Site': 'cross-site' }],
    [403, '/page.js', 'GET', { 'Sec-Fetch-Site': 'same-site' }],
    [405, '/', 'POST', {}],
    [405, '/page?zone=0&pfn=1', 'PUT', own],
    [405, '/', 'OPTIONS', {}],
  ];
  for (const [expected, path, method, headers] of cases) {
    const seen = await ask(url, path, { method, headers: { Host: host, ...headers } });
    const name = `${method} ${path} ${JSON.stringify(headers)}`;
    assert.equal(seen.status, expected, name);
    assert.match(`${seen.headers['content-security-policy']}`, /^default-src 'self';.*frame-anc/);
    assert.equal(seen.headers['referrer-policy'], 'no-referrer', name);
    assert.equal(seen.headers['x-frame-options'], 'DENY', name);
    assert.equal(seen.headers['access-control-allow-origin'], undefined, name);
    if (expected === 405) assert.equal(seen.headers.allow, 'GET, HEAD');
  }
  const text = await (await fetch(url)).text();
  assert.match(text, /<script type="module" src="\/page.js">/);
  assert.doesNotMatch(text, /https?:/, 'nothing is loaded from elsewhere');
});

test('keys are told only where the program allows it, and are what they are', async () => {
  using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
  const key = '<img src=x onerror=alert(1)>';
  cache.set(key, 'a value that is nobody’s business');
  for (const keys of [false, true]) {
    await using inspector = await inspect(cache, { keys });
    await watch(inspector, (frame) => frame.kind === MAP);
    const seen = await ask(inspector.url!, '/keys?zone=0&find=img', bearer(inspector));
    assert.equal(seen.status, keys ? 200 : 404);
    if (keys) assert.deepEqual(JSON.parse(seen.text), { isBusy: false, keys: [key] });
    assert.doesNotMatch(seen.text, /business/);
  }
});

test('a zone that is closed is let go, and others go on', async () => {
  using arena = new Arena({ size: '4MiB' });
  const cache = filled();
  await using inspector = await inspect([arena, cache]);
  inspector.add(cache); // once more: it is shown already
  let zones = 0;
  await watch(inspector, (frame) => frame.kind === ZONE && ++zones === 2);
  const gone = watch(inspector, (frame) => frame.kind === GONE);
  cache[Symbol.dispose]();
  const frames = await gone;
  assert.deepEqual(
    [frames.at(-1)!.zone, `${Buffer.from(frames.at(-1)!.body)}`],
    [1, 'closed by the program'],
  );
  const after = await watch(inspector, (frame) => frame.kind === FIGURES);
  assert.deepEqual(new Set(after.slice(1).map(({ zone }) => zone)), new Set([0]));
});

test('zones may come and go for as long as the program runs', async () => {
  using arena = new Arena({ size: '4MiB' });
  await using inspector = await inspect(arena);
  for (let i = 0; i < 2 * MAX_ZONES; i++) {
    using cache = new SharedCache({ maxSize: '4MiB' });
    inspector.add(cache);
  }
  using last = new SharedCache({ maxSize: '4MiB' });
  inspector.add(last, 'the last');
  const zones = new Map<string, number>();
  await watch(inspector, (frame) => {
    if (frame.kind !== ZONE) return false;
    zones.set(json<ZoneInfo>([frame], ZONE).title, frame.zone);
    return zones.has('the last');
  });
  assert.equal(zones.get('arena 1'), 0);
  assert.notEqual(zones.get('the last'), 0);
});

test('memory that is no zone any more when it is looked at ends nothing', async () => {
  using arena = new Arena({ size: '4MiB' });
  await using inspector = await inspect(arena);
  (inspector as LiveInspector).addMemory(new WebAssembly.Memory(shared), 'gone');
  const frames = await watch(inspector, (frame) => frame.kind === FIGURES);
  assert.deepEqual(new Set(frames.map(({ zone }) => zone)), new Set([0]));
});

test('a poisoned zone is shown with the reason', async () => {
  const arena = new Arena({ size: '4MiB' });
  await using inspector = await inspect(arena);
  poisonZone(arena.memory, facts.FAULT_FRAMES);
  const frames = await watch(inspector, (frame) => frame.kind === FIGURES);
  const { fault } = json<Figures>(frames, FIGURES);
  assert.equal(fault?.reason, 'Frame bits and counters disagree');
  const seen = await ask(inspector.url!, '/page?zone=0&pfn=0', bearer(inspector));
  assert.equal(JSON.parse(seen.text).use, 'zone metadata');
  arena[Symbol.dispose]();
});

test('memory that is damaged everywhere is looked at without a trap coming out', () => {
  using arena = new Arena({ size: '4MiB' });
  const { pages } = arena.report();
  // A copy, of which no supervisor knows.
  const memory = new WebAssembly.Memory({ ...shared, initial: 64, maximum: 64 });
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(new Uint8Array(arena.memory.buffer));
  const look = new ZoneLook(memory);
  for (let seed = 1; seed <= 20; seed++) {
    const next = numbersFrom(seed);
    for (let at = 4096; at < bytes.length; at += 4) {
      bytes[at] = next(256);
      bytes[at + 3] = next(256);
    }
    const damaged = Buffer.from(bytes);
    look.changes();
    for (let pfn = 0; pfn < pages; pfn++) look.describe(pfn);
    for (let round = 0; round < 4; round++) look.tables();
    look.figures();
    assert.ok(damaged.equals(bytes), 'it was written');
  }
});

test('misuse is a typed error', async () => {
  using arena = new Arena({ size: '4MiB' });
  const refuses = (promise: Promise<unknown>, message: RegExp) =>
    assert.rejects(promise, (error) => {
      assert.ok(error instanceof InvalidArgumentError);
      assert.match(error.message, message);
      return true;
    });
  await refuses(inspect(undefined as never), /an Arena or a SharedCache/);
  await refuses(inspect([arena, 3 as never]), /an Arena or a SharedCache/);
  await refuses(inspect(arena, { port: 65_536 }), /port must be an integer/);
  await refuses(inspect(arena, { record: 3 as never }), /record must be the path of a file/);
  await refuses(
    inspect(arena, { port: false, record: '/no/such/folder/x' }),
    /record must be a file/,
  );
  await refuses(inspect(arena, { keys: 1 as never }), /keys must be true or false/);
  await refuses(inspect(arena, { ports: 1 } as never), /port/);
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  const workers: Worker[] = [];
  const note = (worker: Worker) => void workers.push(worker);
  process.on('worker', note);
  try {
    await refuses(inspect(arena, { port }), /port must be one that is free .*EADDRINUSE/);
  } finally {
    process.off('worker', note);
    server.close();
  }
  assert.equal(workers.length, 1);
  assert.equal(workers[0]!.threadId, -1, 'it has ended');
});

test('when its thread fails the program goes on, and is told', async () => {
  using arena = new Arena({ size: '4MiB' });
  const inspector = await inspect(arena);
  const warned = once(process, 'warning');
  (inspector as LiveInspector).addMemory(null as never, 'no memory');
  const [warning] = await warned;
  assert.match(warning.message, /^pageless inspector: /);
  await inspector.close();
  arena.check();
});
