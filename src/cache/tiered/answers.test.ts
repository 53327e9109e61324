/** A second tier of one's own that answers, tells and throws what it should not. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../../../test/support/tiered.ts';
import type { Tier } from '../../tier/interface.ts';
import { SharedCache } from '../constructor.ts';

const fails = () => {
  throw new Error('down');
};

/** A cache whose tier has nothing and keeps all, but for what is given. */
function open(own: object) {
  const well = {
    name: 'own',
    getMany: async (keys: Uint8Array[]) => keys.map(() => undefined),
    setMany: async (entries: object[]) => entries.map(() => true),
    deleteMany: async () => undefined,
    clear: async () => undefined,
    close: async () => undefined,
  };
  const tier = { ...well, policy: { closeTimeoutMs: 20 }, ...own };
  const cache = new SharedCache({ maxSize: '4MiB', values: 'json', tier: tier as Tier });
  return { cache, tier, well };
}

const WRONG_FRAMES: [what: string, answer: unknown][] = [
  ['nothing', undefined],
  ['no array', 'text'],
  ['too few', []],
  ['too many', [undefined, undefined]],
  ['numbers', [5]],
  ['a text', ['text']],
  ['other arrays', [new Uint16Array(40)]],
  ['a Proxy that throws', new Proxy([undefined], { get: fails })],
];

for (const [what, answer] of WRONG_FRAMES) {
  test(`getMany answers ${what}: an error of the tier, and a miss`, async () => {
    const { cache } = open({ getMany: async () => answer });
    assert.equal(await cache.getAsync('key'), undefined);
    assert.equal(cache.stats().tier?.errors, 1);
    assert.equal(await cache.getOrSet('key', () => 3), 3);
    assert.equal(cache.get('key'), 3);
    cache.close();
  });
}

test('getMany answers null: a miss, and no error', async () => {
  const { cache } = open({ getMany: (keys: Uint8Array[]) => keys.map(() => null) });
  assert.deepEqual(await cache.getManyAsync(['one', 'two']), [undefined, undefined]);
  assert.equal(await cache.getOrSet('key', () => 3), 3);
  assert.equal(cache.stats().tier?.errors, 0);
  cache.close();
});

for (const answer of [undefined, null, [], [true, true], ['OK'], 1]) {
  test(`setMany answers ${JSON.stringify(answer)}: an error, and tried again`, async () => {
    const { cache, tier, well } = open({ setMany: async () => answer });
    cache.set('key', 1);
    await until(() => cache.stats().tier!.errors > 0);
    assert.match(cache.stats().tier!.lastError!, /^setMany of the tier gave .*, expected /);
    tier.setMany = well.setMany;
    cache.set('other', 2);
    assert.deepEqual(await cache.flush(), { written: 2, dropped: 0 });
    cache.close();
  });
}

test('calls that throw at once, all of them', async () => {
  const { cache, tier, well } = open({
    getMany: fails,
    setMany: () => Promise.reject(new Error('down')),
    deleteMany: fails,
    clear: fails,
    close: fails,
    invalidations: fails,
  });
  cache.set('key', 1);
  cache.delete('other');
  assert.equal(await cache.getAsync('other'), undefined);
  await until(() => cache.stats().tier!.errors > 3);
  cache.clear();
  Object.assign(tier, well, { close: fails });
  await cache.flush();
  cache.close();
});

test('invalidations rejects: an error', async () => {
  const { cache } = open({ invalidations: async () => fails() });
  await until(() => cache.stats().tier!.errors === 1);
  assert.equal(cache.stats().tier?.lastError, 'down');
  cache.close();
});

test('what is told and is no event is an error, and nothing goes', () => {
  let tell: (event: unknown) => void = fails;
  const { cache } = open({
    invalidations(listener: (event: unknown) => void) {
      tell = listener;
      listener(null);
    },
  });
  cache.set('key', 1);
  const wrong = [
    ...[undefined, 5, 'cleared', {}, { type: 'other' }, { type: 'changed' }],
    ...[
      { type: 'changed', keys: 'key' },
      { type: 'changed', keys: [new Uint8Array(1), 'key'] },
    ],
    new Proxy({}, { get: fails }),
  ];
  for (const event of wrong) tell(event);
  assert.equal(cache.stats().tier?.errors, 1 + wrong.length);
  tell({ type: 'changed', keys: [new Uint8Array(2 ** 20), new Uint8Array(0)] });
  tell({ type: 'lost', error: 'a text' });
  tell({ type: 'armed' });
  assert.equal(cache.get('key'), 1);
  assert.equal(cache.stats().tier?.channel, 'armed');
  tell({ type: 'cleared' });
  assert.equal(cache.get('key'), undefined);
  cache.arena.check();
  cache.close();
});

const MESSAGES: [thrown: unknown, told: string][] = [
  [new Error('no postgres://bob:hunter2@10.0.0.5/db'), 'no postgres://…'],
  [new Error('connect ECONNREFUSED 10.0.0.5:5432'), 'connect ECONNREFUSED …'],
  [new Error('login bob:hunter2@db.example failed'), 'login … failed'],
  ['redis+tls://:hunter2@cache and more', 'redis+tls://… and more'],
  [{ message: 'https://a@b, http://c' }, 'https://… http://…'],
  [null, 'null'],
  [{ message: 5 }, 'an Object'],
  [new Error('x'.repeat(2 ** 20)), 'x'.repeat(200)],
];

test('lastError says what went wrong, without addresses and secrets', async () => {
  for (const [thrown, told] of MESSAGES) {
    const { cache } = open({ getMany: () => Promise.reject(thrown) });
    await cache.getAsync('key');
    assert.equal(cache.stats().tier?.lastError, told);
    cache.close();
  }
  const { cache } = open({ getMany: () => Promise.reject(new Proxy({}, { get: fails })) });
  await cache.getAsync('key');
  assert.equal(cache.stats().tier?.errors, 1);
  cache.close();
});

/** Runs a program with a tier that fails, and then another. @returns how it ended, and its words */
function run(end: string) {
  const index = fileURLToPath(new URL('../constructor.ts', import.meta.url));
  const code = `
    import { SharedCache } from ${JSON.stringify(index)};
    let isWell = false;
    const tier = {
      name: 'own',
      getMany: async (keys) => keys.map(() => undefined),
      setMany: async (entries) => {
        if (!isWell) throw new Error('down');
        return entries.map(() => true);
      },
      deleteMany: async () => undefined,
      clear: async () => undefined,
      close: async () => undefined,
    };
    const open = (more) =>
      new SharedCache({ maxSize: '4MiB', values: 'json', tier: { ...tier, ...more } });
    ${end}`;
  const flags = ['--no-warnings', '--input-type=module', '--eval', code];
  const { status, stdout } = spawnSync(process.execPath, flags, {
    encoding: 'utf8',
    timeout: 240_000,
  });
  return { status, said: stdout.trim() };
}

test('a program whose tier fails ends; one that waits for its writes gets them', () => {
  const fails = (end: string) => run(`const cache = open(); cache.set('key', 1); ${end}`);
  assert.deepEqual(fails(`console.log('end');`), { status: 0, said: 'end' });
  const limited = `await cache.flush({ timeoutMs: 50 }).catch(({ code }) => console.log(code));`;
  assert.deepEqual(fails(limited), { status: 0, said: 'ERR_PAGELESS_TIMEOUT' });
  const waiting = `
    setTimeout(() => (isWell = true), 300).unref();
    console.log(JSON.stringify(await cache.flush()));`;
  assert.deepEqual(fails(waiting), { status: 0, said: '{"written":1,"dropped":0}' });
});

test('a call that is never answered holds nobody when the cache is closed', () => {
  const program = `
    const never = () => new Promise(() => {});
    const policy = { timeoutMs: 1e9, closeTimeoutMs: 10 };
    const silent = () => open({ getMany: never, setMany: never, policy });
    const told = (who) => ({ code }) => console.log(who, code);

    const asking = silent();
    asking.getAsync('key').catch(told('asking'));
    await 0;
    asking.close();

    const early = silent();
    early.getAsync('key').catch(told('early'));
    early.close();

    const one = silent();
    const other = SharedCache.attach(one.handle, { tier: { ...tier, policy } });
    one.getAsync('key').catch(told('one'));
    await 0;
    other.getAsync('key').catch(told('other'));
    other.close();
    one.close();

    const writing = silent();
    writing.set('key', 1);
    writing.flush().then(({ dropped }) => console.log('dropped', dropped));
    setTimeout(() => writing.close(), 20);`;
  const { status, said } = run(program);
  const gone = ['asking', 'early', 'one', 'other'].map((who) => `${who} ERR_PAGELESS_DISPOSED`);
  assert.deepEqual([status, said.split('\n').sort()], [0, [...gone, 'dropped 1'].sort()]);
});
