/**
 * `pageless/undici`: undici's own interceptor, over a local server, with the store that it is
 * given.
 *
 * What undici decides (what is cacheable, when to revalidate) is undici's; here it is looked at
 * only so far as it must reach the store and come back from it whole.
 */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { Agent, interceptors } from 'undici';
import { CacheStore, type CacheStoreOptions } from '../../src/adapters/undici.ts';
import { SharedCache } from '../../src/cache/shared-cache.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let origin: string;
let handler: Handler;
/** What reached the server, as `METHOD path`. */
let reached: string[];
let cache: SharedCache;
let agents: Agent[];

before(async () => {
  server = createServer((request, response) => {
    reached.push(`${request.method} ${request.url}`);
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => server.close());
beforeEach(() => {
  cache = new SharedCache({ maxSize: '8MiB' });
  reached = [];
  agents = [];
});
afterEach(async () => {
  await Promise.all(agents.map((agent) => agent.destroy()));
  cache[Symbol.dispose]();
});

function storeOf(options: Partial<CacheStoreOptions> = {}): CacheStore {
  const onError = (error: unknown) => assert.fail(error as Error);
  return new CacheStore({ cache, onError, ...options });
}

/** An agent of its own over a store of its own: what two threads are to each other. */
function agentOf(store: CacheStore = storeOf()) {
  const agent = new Agent();
  agents.push(agent);
  return agent.compose(interceptors.cache({ store, methods: ['GET', 'HEAD'] }));
}

interface Answer {
  status: number;
  body: string;
  headers: Record<string, unknown>;
}

async function ask(
  agent: ReturnType<typeof agentOf>,
  path: string,
  method = 'GET',
  headers: Record<string, string> = {},
): Promise<Answer> {
  const answer = await agent.request({ origin, path, method: method as 'GET', headers });
  const body = await answer.body.text();
  return { status: answer.statusCode, body, headers: answer.headers };
}

const fresh = { 'cache-control': 'max-age=60' };
const answerWith = (
  headers: Record<string, string>,
  body: () => string = () => 'hello',
): Handler => {
  return (_, response) => response.writeHead(200, headers).end(body());
};
/** Each answer says how many there were. */
const counted = (headers: Record<string, string>): Handler => {
  return answerWith(headers, () => `answer ${reached.length}`);
};

describe('a response', () => {
  test('is fetched once for all agents, and is whole', async () => {
    handler = (_, response) => {
      response.writeHead(203, 'As They Say', { ...fresh, 'x-many': ['a', 'b'], etag: '"1"' });
      response.write('part one, ');
      response.end('part two: grüß');
    };
    const first = await ask(agentOf(), '/a');
    const second = await ask(agentOf(), '/a');
    assert.deepEqual(reached, ['GET /a']);
    assert.equal(second.status, 203);
    assert.equal(second.body, 'part one, part two: grüß');
    assert.match(String(second.headers.age), /^\d+$/);
    assert.deepEqual(second.headers['x-many'], first.headers['x-many']);
    assert.equal(second.headers.etag, '"1"');
  });

  test('has a body of bytes in private memory, or none', async () => {
    handler = answerWith(fresh);
    const store = storeOf();
    await ask(agentOf(store), '/a');
    const key = { origin, path: '/a', method: 'GET', headers: {} };
    const body = store.get(key)?.body;
    assert.ok(Buffer.isBuffer(body) && body.buffer instanceof ArrayBuffer);
    handler = answerWith(fresh, () => '');
    await ask(agentOf(store), '/empty');
    assert.equal((await ask(agentOf(store), '/empty')).body, '');
    assert.deepEqual(reached, ['GET /a', 'GET /empty']);
  });

  test('to HEAD is another than to GET', async () => {
    handler = counted(fresh);
    const agent = agentOf();
    await ask(agent, '/a', 'HEAD');
    assert.equal((await ask(agent, '/a')).body, 'answer 2');
    assert.equal((await ask(agent, '/a', 'HEAD')).body, '');
    assert.equal((await ask(agent, '/a')).body, 'answer 2');
    assert.deepEqual(reached, ['HEAD /a', 'GET /a']);
  });

  test('of a long address, and of two that begin alike', async () => {
    handler = (request, response) => response.writeHead(200, fresh).end(request.url!.slice(-1));
    const agent = agentOf();
    const long = `/${'x'.repeat(5000)}`;
    for (let round = 0; round < 2; round++) {
      for (const path of [`${long}1`, `${long}2`, '/?a=1', '/?a=2']) {
        assert.equal((await ask(agent, path)).body, path.slice(-1));
      }
    }
    assert.equal(reached.length, 4);
  });
});

describe('Vary', () => {
  test('keeps a response for each value, and for none', async () => {
    handler = (request, response) => {
      const language = String(request.headers['accept-language']);
      response.writeHead(200, { ...fresh, vary: 'Accept-Language' }).end(language);
    };
    const agent = agentOf();
    for (let round = 0; round < 2; round++) {
      for (const language of ['de', 'en']) {
        const headers = { 'accept-language': language };
        assert.equal((await ask(agent, '/', 'GET', headers)).body, language);
      }
      assert.equal((await ask(agent, '/')).body, 'undefined');
    }
    assert.equal(reached.length, 3);
  });

  test('that changes makes what was stored unreachable', async () => {
    handler = counted({ ...fresh, vary: 'Accept' });
    const agent = agentOf();
    const headers = { accept: 'text/html', 'accept-language': 'de' };
    await ask(agent, '/', 'GET', headers);
    handler = counted({ ...fresh, vary: 'Accept, Accept-Language' });
    await ask(agent, '/', 'GET', { ...headers, accept: 'text/plain' });
    assert.equal((await ask(agent, '/', 'GET', headers)).body, 'answer 3');
    assert.equal((await ask(agent, '/', 'GET', headers)).body, 'answer 3');
  });
});

describe('what is stale', () => {
  test('is revalidated with its validators; a 304 without Cache-Control gives the stored body', async () => {
    handler = (request, response) => {
      const isSame = request.headers['if-none-match'] === '"1"';
      if (isSame) response.writeHead(304, { etag: '"1"' }).end();
      else response.writeHead(200, { 'cache-control': 'max-age=0', etag: '"1"' }).end('body');
    };
    const agent = agentOf();
    for (let round = 0; round < 3; round++) {
      const { status, body } = await ask(agent, '/');
      assert.deepEqual([status, body], [200, 'body']);
    }
    assert.equal(reached.length, 3);
  });

  test('and a 304 that repeats Cache-Control gives it as well', async () => {
    handler = (request, response) => {
      const headers = { 'cache-control': 'max-age=0', etag: '"1"' };
      const isSame = request.headers['if-none-match'] === '"1"';
      if (isSame) response.writeHead(304, headers).end();
      else response.writeHead(200, headers).end('body');
    };
    const agent = agentOf();
    for (let round = 0; round < 3; round++) assert.equal((await ask(agent, '/')).body, 'body');
  });

  test('is kept until deleteAt, and no longer', (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 });
    const store = storeOf();
    const key = { origin, path: '/', method: 'GET' };
    const now = Date.now();
    const times = { cachedAt: now, staleAt: now + 1000, deleteAt: now + 2000 };
    const value = { statusCode: 200, statusMessage: 'OK', headers: {}, ...times };
    store.createWriteStream(key, value)!.end('x');
    t.mock.timers.setTime(now + 1500);
    assert.equal(store.get(key)?.staleAt, now + 1000);
    t.mock.timers.setTime(now + 2001);
    assert.equal(store.get(key), undefined);
    assert.equal(store.createWriteStream(key, value), undefined, 'over before it is stored');
  });
});

describe('an unsafe request', () => {
  test('makes every method and variant of its address be fetched anew, for all agents', async () => {
    handler = counted({ ...fresh, vary: 'Accept' });
    const [one, two] = [agentOf(), agentOf()];
    const askAll = async () => {
      await ask(one, '/a');
      await ask(one, '/a', 'GET', { accept: 'text/html' });
      await ask(one, '/a', 'HEAD');
      await ask(one, '/other');
    };
    await askAll();
    await ask(two, '/a', 'POST');
    reached = [];
    await askAll();
    assert.deepEqual(reached, ['GET /a', 'GET /a', 'HEAD /a']);
  });

  test('that overtakes a response keeps it from being stored', async () => {
    const store = storeOf();
    const key = { origin, path: '/', method: 'GET' };
    const now = Date.now();
    const times = { cachedAt: now, staleAt: now + 60_000, deleteAt: now + 60_000 };
    const value = { statusCode: 200, statusMessage: 'OK', headers: {}, ...times };
    for (const method of ['GET', 'POST']) {
      const stream = store.createWriteStream(key, value)!;
      storeOf().delete({ ...key, method } as typeof key);
      stream.end('obsolete');
      assert.equal(store.get(key), undefined);
      store.createWriteStream(key, value)!.end('new');
      assert.equal(String(store.get(key)?.body), 'new');
    }
  });
});

describe('limits', () => {
  test('a response is as long as its head and body are; one that is too long is passed on', async () => {
    const long = 'x'.repeat(3000);
    const agent = agentOf(storeOf({ maxEntrySize: 4096 }));
    const answers: [path: string, headers: Record<string, string>, body: string][] = [
      ['/small', fresh, long],
      ['/long-body', fresh, long + long],
      ['/long-head', { ...fresh, 'x-long': long }, long],
      ['/head-alone', { ...fresh, 'x-long': long + long }, ''],
    ];
    for (let round = 0; round < 2; round++) {
      for (const [path, headers, body] of answers) {
        handler = answerWith(headers, () => body);
        assert.equal((await ask(agent, path)).body, body);
      }
    }
    const twice = reached.filter((line, index) => reached.indexOf(line) !== index);
    assert.deepEqual(twice, ['GET /long-body', 'GET /long-head', 'GET /head-alone']);
  });

  test('what the cache itself refuses is passed on', async () => {
    const agent = agentOf();
    handler = answerWith(fresh, () => 'x'.repeat(1_500_000));
    for (let round = 0; round < 2; round++) {
      assert.equal((await ask(agent, '/')).body.length, 1_500_000);
    }
    assert.equal(reached.length, 2);
  });
});

describe('a store that fails', () => {
  test('fails no request; onError hears of it, and may fail as well', async () => {
    handler = counted(fresh);
    const errors: unknown[] = [];
    const other = new SharedCache({ maxSize: '4MiB' });
    const onError = (error: unknown) => {
      errors.push(error);
      throw new Error('the listener fails');
    };
    const agent = agentOf(new CacheStore({ cache: other, onError }));
    await ask(agent, '/');
    other[Symbol.dispose]();
    assert.equal((await ask(agent, '/')).body, 'answer 2');
    assert.equal((await ask(agent, '/', 'POST')).status, 200);
    assert.ok(errors.length > 0);
    for (const error of errors) {
      assert.equal((error as { code?: string }).code, 'ERR_PAGELESS_DISPOSED');
    }
  });

  test('a damaged entry is a miss', async () => {
    handler = counted(fresh);
    const errors: unknown[] = [];
    const agent = agentOf(storeOf({ onError: (error) => errors.push(error) }));
    await ask(agent, '/');
    const response = [...cache.keys()].find((key) => `${key}`.startsWith('undici:r'))!;
    cache.set(response, Uint8Array.of(255, 255, 0, 0, 1));
    assert.equal((await ask(agent, '/')).body, 'answer 2');
    assert.equal(errors.length, 1);
  });

  test('wrong options are refused', () => {
    const text = new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
    assert.throws(() => new CacheStore({ cache: text as never }), {
      message: /values must be 'bytes' for CacheStore.*seen: "string"/,
    });
    assert.throws(() => new CacheStore({ cache, maxEntrySize: -1 }), /maxEntrySize must be/);
    assert.throws(() => new CacheStore({ cache, prefix: 1 as never }), /prefix must be/);
    assert.throws(() => new CacheStore(undefined as never), /cache must be a SharedCache/);
    text[Symbol.dispose]();
  });
});
