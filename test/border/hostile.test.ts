/**
 * Every argument of every public function, and every field of every options object and handle, is
 * given what nobody should pass. Then
 *
 *   - whatever is thrown is a `PagelessError`, or the very error that the argument's own code
 *     threw;
 *   - an argument that was refused has changed nothing: no byte of the zone but this thread's own
 *     slot and scratch;
 *   - in the end every entry, object and page has what it had, and `check()` agrees.
 *
 * The table says how to call each function with one argument that is wrong; a function of the
 * public classes that has no row fails the first test.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import {
  Arena,
  CorruptionError,
  InvalidArgumentError,
  lz4,
  PagelessError,
  SharedCache,
  ZsPool,
} from '../../src/index.ts';
import { type Any, fields, hostile, type Row, UsersOwnError } from '../support/hostile.ts';
import { settled } from '../support/settled.ts';
import { WatchedZone } from '../support/watched-zone.ts';

const cache = new SharedCache({ maxSize: '4MiB' });
const { arena } = cache;
const texts = new SharedCache({ maxSize: '4MiB', values: 'string' });
const json = new SharedCache({ maxSize: '4MiB', values: 'json' });
const pool = arena.createZsPool();
const objects = arena.createObjectCache({ name: 'hostile', bytes: 64 });
const folio = arena.allocFolio(1)!;
const pinned = arena.allocFolio(0)!;
const pin = pinned.pin();
const object = objects.alloc()!;
const handle = pool.malloc(100)!;
const kept = new TextEncoder().encode('what must be there in the end '.repeat(3));

cache.set('versioned', kept);
const { version } = cache.getWithVersion('versioned')!;

/** An own codec that gives out whatever it is given. */
const open = new SharedCache<unknown>({
  maxSize: '4MiB',
  values: { serialize: (value) => value as Uint8Array, deserialize: (bytes) => bytes },
});

/** The number of no thread. */
const NOBODY = 0xffffffff;

const nearOptions = { max: 5, maxAge: 5, 'no such option': undefined };

/** Ends what a call opened. */
const shut = (opened: { close(): void } | undefined): void => opened?.close();

const rows: Record<string, Row> = {
  'new SharedCache options': (bad) => shut(new SharedCache(bad)),
  ...Object.fromEntries(
    fields('new SharedCache', (o) => shut(new SharedCache(o)), {
      maxSize: '4MiB',
      values: 'json',
      ...{ ttl: 5, staleFor: 5, maxEntrySize: 1000, compression: 'none' },
      ...{ tier: undefined, near: { max: 5 } },
      'no such option': undefined,
    }),
  ),
  // A function is the user's own, and so is what it throws.
  'new SharedCache now': (bad) =>
    typeof bad === 'function' ? 0 : shut(new SharedCache({ maxSize: '4MiB', now: bad })),
  'SharedCache.namespace name': (bad) => texts.namespace(bad),
  'SharedCache.namespace options': (bad) => texts.namespace('other', bad),
  ...Object.fromEntries(
    fields('SharedCache.namespace', (o) => texts.namespace('other', o as Any), {
      ...{ values: 'json', ttl: 5, staleFor: 5 },
    }),
  ),
  'SharedCache.attach handle': (bad) => shut(SharedCache.attach(bad)),
  'SharedCache.attach options': (bad) => shut(SharedCache.attach(cache.handle, bad)),
  'SharedCache.attach options.values': (bad) =>
    shut(SharedCache.attach(open.handle, { values: bad })),
  ...Object.fromEntries([
    ...fields('SharedCache.attach', (h) => shut(SharedCache.attach(h)), cache.handle),
    ...fields('near', (near: Any) => shut(SharedCache.attach(cache.handle, { near })), nearOptions),
    ...fields(
      'SharedCache.attach arena',
      (h) => shut(SharedCache.attach({ ...cache.handle, arena: h })),
      arena.handle,
    ),
  ]),
  'SharedCache.get key': (bad) => cache.get(bad),
  'SharedCache.peek key': (bad) => cache.peek(bad),
  'SharedCache.has key': (bad) => cache.has(bad),
  'SharedCache.getRemainingTTL key': (bad) => cache.getRemainingTTL(bad),
  'SharedCache.get options': (bad) => cache.get('kept 1', bad),
  'SharedCache.peek options': (bad) => cache.peek('kept 1', bad),
  'SharedCache.info key': (bad) => cache.info(bad),
  'SharedCache.touch key': (bad) => cache.touch(bad),
  'SharedCache.touch options': (bad) => cache.touch('other', bad),
  'SharedCache.deleteTag tag': (bad) => cache.deleteTag(bad),
  ...Object.fromEntries([
    ...fields('SharedCache.get', (o: Any) => cache.get('kept 1', o), {
      ...{ allowStale: true, updateAgeOnGet: false, status: {} },
    }),
    ...fields('SharedCache.touch', (o) => cache.touch('other', o as Any), { ttl: 5, staleFor: 5 }),
    ...fields('SharedCache.set', (o) => cache.set('other', kept, o as Any), {
      ...{ ttl: 5, staleFor: 5, tags: ['tag'], noUpdateTTL: true, status: {} },
    }),
  ]),
  ...Object.fromEntries([
    ...fields('SharedCache.getOrSet', (o) => cache.getOrSet('other', () => kept, o as Any), {
      ...{ ttl: 5, staleFor: 5, tags: ['tag'], signal: undefined, timeoutMs: 50 },
      ...{ forceRefresh: true, staleIfError: true },
    }),
    ...fields(
      'SharedCache.getOrSetSync',
      (o) => cache.getOrSetSync('other', () => kept, o as Any),
      {
        ...{ ttl: 5, staleFor: 5, tags: ['tag'], timeoutMs: 50, forceRefresh: true },
      },
    ),
    ...fields('SharedCache.update', (o) => cache.update('other', () => kept, o as Any), {
      ...{ ttl: 5, staleFor: 5, tags: ['tag'] },
    }),
    ...fields('SharedCache.increment', (o) => json.increment('number', 1, o as Any), {
      ...{ initial: 1, ttl: 5 },
    }),
  ]),
  'SharedCache.getInto key': (bad) => cache.getInto(bad, new Uint8Array(5000)),
  'SharedCache.getInto target': (bad) => cache.getInto('kept 1', bad),
  'SharedCache.getInto offset': (bad) => cache.getInto('kept 1', new Uint8Array(5000), bad),
  'SharedCache.read key': (bad) => cache.read(bad, (bytes) => bytes.length),
  'SharedCache.read use': (bad) => (typeof bad === 'function' ? 0 : cache.read('kept 1', bad)),
  'SharedCache.read answer': (bad) => {
    cache.read('kept 1', () => bad);
  },
  'SharedCache.delete key': (bad) => cache.delete(bad),
  'SharedCache.set key': (bad) => cache.set(bad, kept),
  'SharedCache.set value': (bad) => cache.set('other', bad),
  'SharedCache.set text': (bad) => texts.set('other', bad),
  'SharedCache.set json': (bad) => json.set('other', bad),
  'SharedCache.set serialized': (bad) => open.set('other', bad),
  'SharedCache.set options': (bad) => cache.set('other', kept, bad),
  'SharedCache.set tag': (bad) => cache.set('other', kept, { tags: ['tag', bad] }),
  'SharedCache.set unknown': (bad) => cache.set('other', kept, { ttlMs: bad } as Any),
  'SharedCache.add key': (bad) => cache.add(bad, kept),
  'SharedCache.add value': (bad) => cache.add('other', bad),
  'SharedCache.add options': (bad) => cache.add('other', kept, bad),
  'SharedCache.replace key': (bad) => cache.replace(bad, kept),
  'SharedCache.replace value': (bad) => cache.replace('other', bad),
  'SharedCache.replace options': (bad) => cache.replace('other', kept, bad),
  'SharedCache.update key': (bad) => cache.update(bad, () => kept),
  'SharedCache.update change': (bad) =>
    typeof bad === 'function' ? 0 : cache.update('other', bad),
  'SharedCache.update value': (bad) => cache.update('other', () => bad),
  'SharedCache.update options': (bad) => cache.update('other', () => kept, bad),
  'SharedCache.increment key': (bad) => json.increment(bad),
  'SharedCache.increment by': (bad) => json.increment('number', bad),
  'SharedCache.increment options': (bad) => json.increment('number', 1, bad),
  'SharedCache.increment initial': (bad) => json.increment('number', 1, { initial: bad }),
  'SharedCache.getWithVersion key': (bad) => cache.getWithVersion(bad),
  'SharedCache.setIfVersion key': (bad) => cache.setIfVersion(bad, kept, version),
  'SharedCache.setIfVersion value': (bad) => cache.setIfVersion('versioned', bad, version),
  'SharedCache.setIfVersion version': (bad) => cache.setIfVersion('versioned', kept, bad),
  'SharedCache.setIfVersion options': (bad) => cache.setIfVersion('versioned', kept, version, bad),
  'SharedCache.getOrSet key': (bad) => cache.getOrSet(bad, () => kept),
  'SharedCache.getOrSet compute': (bad) =>
    typeof bad === 'function' ? 0 : cache.getOrSet('other', bad),
  'SharedCache.getOrSet value': (bad) => cache.getOrSet('other', () => bad),
  'SharedCache.getOrSet options': (bad) => cache.getOrSet('other', () => kept, bad),
  'SharedCache.getOrSetSync key': (bad) => cache.getOrSetSync(bad, () => kept),
  'SharedCache.getOrSetSync compute': (bad) =>
    typeof bad === 'function' ? 0 : cache.getOrSetSync('other', bad),
  'SharedCache.getOrSetSync options': (bad) => cache.getOrSetSync('other', () => kept, bad),
  'SharedCache.getAsync key': (bad) => cache.getAsync(bad),
  'SharedCache.getAsync options': (bad) => cache.getAsync('other', bad),
  'SharedCache.getManyAsync keys': (bad) => cache.getManyAsync(bad),
  'SharedCache.flush options': (bad) => cache.flush(bad),
  'SharedCache.on event': (bad) => cache.on(bad, () => 0),
  'SharedCache.on listener': (bad) => (typeof bad === 'function' ? 0 : cache.on('evicted', bad)),
  'SharedCache.off event': (bad) => cache.off(bad, () => 0),
  'SharedCache.off listener': (bad) => (typeof bad === 'function' ? 0 : cache.off('evicted', bad)),
  'SharedCache.metrics labels': (bad) => cache.metrics(bad),
  'SharedCache.metrics label': (bad) => cache.metrics({ app: bad }),
  'SharedCache.purgeStale options': (bad) => cache.purgeStale(bad),
  'SharedCache.purgeStale maxMs': (bad) => cache.purgeStale({ maxMs: bad }),
  'SharedCache.load file': (bad) => SharedCache.load(bad),
  'SharedCache.load options': (bad) => SharedCache.load('/no/such/file', bad),
  'SharedCache.save file': (bad) => (typeof bad === 'string' && isName(bad) ? 0 : cache.save(bad)),
  'SharedCache.getMany keys': (bad) => cache.getMany(bad),
  'SharedCache.getMany key': (bad) => cache.getMany([bad]),
  'SharedCache.setMany entries': (bad) => cache.setMany(bad),
  'SharedCache.setMany entry': (bad) => cache.setMany([bad]),
  'SharedCache.setMany value': (bad) => cache.setMany([['other', bad]]),
  'SharedCache.deleteMany keys': (bad) => cache.deleteMany(bad),
  'SharedCache.keys options': (bad) => [...cache.keys(bad)],
  'SharedCache.keys as': (bad) => [...cache.keys({ as: bad })],
  'SharedCache.forEach visit': (bad) => (typeof bad === 'function' ? 0 : texts.forEach(bad)),

  'new Arena options': (bad) => shut(new Arena(bad)),
  'new Arena size': (bad) => shut(new Arena({ size: bad })),
  'Arena.attach handle': (bad) => shut(Arena.attach(bad)),
  ...Object.fromEntries(fields('Arena.attach', (h) => shut(Arena.attach(h)), arena.handle)),
  'Arena.load file': (bad) => shut(Arena.load(bad)),
  'Arena.save file': (bad) => (typeof bad === 'string' && isName(bad) ? 0 : arena.save(bad)),
  'Arena.allocPages order': (bad) => freeAgain(arena.allocPages(bad), bad),
  'Arena.allocPages options': (bad) => freeAgain(arena.allocPages(0, bad), 0),
  'Arena.allocPages movable': (bad) => freeAgain(arena.allocPages(0, { movable: bad }), 0),
  'Arena.allocPages compactMs': (bad) => freeAgain(arena.allocPages(0, { compactMs: bad }), 0),
  'Arena.freePages pfn': (bad) => arena.freePages(bad, 0),
  'Arena.freePages order': (bad) => arena.freePages(0, bad),
  'Arena.freePart pfn': (bad) => arena.freePart(bad, 0, 1),
  'Arena.freePart order': (bad) => arena.freePart(0, bad, 1),
  'Arena.freePart blockOrder': (bad) => arena.freePart(0, 0, bad),
  'Arena.compact options': (bad) => arena.compact(bad),
  'Arena.compact order': (bad) => arena.compact({ order: bad }),
  'Arena.compact budgetMs': (bad) => arena.compact({ budgetMs: bad }),
  'Arena.evacuate options': (bad) => arena.evacuate(bad),
  'Arena.evacuate pfn': (bad) => arena.evacuate({ pfn: bad, count: 1 }),
  'Arena.evacuate count': (bad) => arena.evacuate({ pfn: pin.pfn, count: bad }),
  'Arena.evacuate budgetMs': (bad) =>
    arena.evacuate({ pfn: arena.report().pages - 1, count: 1, budgetMs: bad }),
  'Arena.startCompaction options': (bad) => shut(arena.startCompaction(bad)),
  'Arena.startCompaction budget': (bad) => shut(arena.startCompaction({ budget: bad })),
  'Arena.startCompaction order': (bad) => shut(arena.startCompaction({ order: bad })),
  'Arena.startCompaction intervalMs': (bad) => shut(arena.startCompaction({ intervalMs: bad })),
  'Arena.createObjectCache options': (bad) => arena.createObjectCache(bad),
  'Arena.createObjectCache name': (bad) => arena.createObjectCache({ name: bad, bytes: 64 }),
  'Arena.createObjectCache bytes': (bad) =>
    arena.createObjectCache({ name: 'hostile', bytes: bad }),
  'Arena.bytesOf pfn': (bad) => arena.bytesOf(bad, 0),
  'Arena.bytesOf order': (bad) => arena.bytesOf(pin.pfn, bad),
  'Arena.allocFolio order': (bad) => arena.allocFolio(bad)?.free(),
  'Arena.allocFolio options': (bad) => arena.allocFolio(0, bad)?.free(),
  'Arena.allocFolio type': (bad) => arena.allocFolio(0, { type: bad })?.free(),
  'Arena.folio name': (bad) => arena.folio(bad),
  'Arena.folioAt pfn': (bad) => arena.folioAt(bad),
  'Arena.pin pfn': (bad) => shut(arena.pin(bad)),
  'Arena.registerType type': (bad) => arena.registerType(bad),
  'Arena.registerType name': (bad) => arena.registerType({ name: bad }),
  'Arena.registerType descriptorBytes': (bad) =>
    arena.registerType({ name: 'text', descriptorBytes: bad }),
  'Arena.registerType movable': (bad) => arena.registerType({ name: 'text', movable: bad }),
  'Arena.describe pfn': (bad) => arena.describe(bad),
  'Arena.poison pfn': (bad) => arena.poison(bad).isDone && arena.unpoison(bad),
  'Arena.unpoison pfn': (bad) => arena.unpoison(bad),
  'Arena.reap thread': (bad) => (Number.isInteger(bad) && bad > 0 ? 0 : arena.reap(bad)),
  'Arena.reap options': (bad) => arena.reap(NOBODY, bad),
  'Arena.reap signal': (bad) => arena.reap(NOBODY, { signal: bad }),
  'Arena.synchronize limitMs': (bad) => arena.synchronize(bad),

  'ZsPool.attach handle': (bad) => shut(ZsPool.attach(bad)),
  ...Object.fromEntries(fields('ZsPool.attach', (h) => shut(ZsPool.attach(h)), pool.handle)),
  'ZsPool.malloc bytes': (bad) => pool.free(pool.malloc(bad)!),
  'ZsPool.write handle': (bad) => pool.write(bad, kept),
  'ZsPool.write bytes': (bad) => pool.write(handle, bad) && pool.write(handle, kept),
  'ZsPool.read handle': (bad) => pool.read(bad),
  'ZsPool.free handle': (bad) => pool.free(bad),
  'ZsPool.compact options': (bad) => pool.compact(bad),
  'ZsPool.compact budgetMs': (bad) => pool.compact({ budgetMs: bad }),
  'ZsPool.compact threshold': (bad) => pool.compact({ threshold: bad }),

  'ObjectCache.free handle': (bad) => objects.free(bad),
  'ObjectCache.has handle': (bad) => objects.has(bad),
  'ObjectCache.view handle': (bad) => objects.view(bad),
  'ObjectCache.read handle': (bad) => objects.read(bad),
  'ObjectCache.write handle': (bad) => objects.write(bad, kept.subarray(0, 8)),
  'ObjectCache.write source': (bad) => objects.write(object, bad),
  'ObjectCache.write offset': (bad) => objects.write(object, new Uint8Array(1), bad),

  'Folio.ownerWord index': (bad) => pinned.ownerWord(bad),
  'Folio.setOwnerWord index': (bad) => pinned.setOwnerWord(bad, 1),
  'Folio.setOwnerWord value': (bad) => pinned.setOwnerWord(0, bad),
  'Folio.split order': (bad) => refused(() => pinned.split(bad)),
  'Folio.shrink order': (bad) => refused(() => pinned.shrink(bad)),

  'lz4.compress bytes': (bad) => lz4.compress(bad),
  'lz4.decompress block': (bad) => lz4.decompress(bad, 10),
  'lz4.decompress length': (bad) => lz4.decompress(kept, bad),
};

function isName(text: string): boolean {
  return text !== '' && !text.includes('\0');
}

function freeAgain(pfn: number | undefined, order: number): void {
  if (pfn !== undefined) arena.freePages(pfn, order ?? 0);
}

/** A folio of one page cannot be cut, whatever the order: it must be told so. */
function refused(call: () => unknown): void {
  assert.throws(call, PagelessError);
}

after(() => {
  for (const opened of [pin, pool, json, texts, open, cache]) opened.close();
});

/** Functions without arguments. */
const nullary = [
  'SharedCache.clear entries values stats close recreate isSupported whyUnsupported',
  'Arena.buddyInfo check close createZsPool pageTypeInfo report reportZsmalloc slabInfo stalls',
  'ZsPool.report close',
  'ObjectCache.alloc',
  'Folio.pin map free',
  'Pin.lock tryLock unlock close',
];

test('every function of the public classes has its row', () => {
  const view = Object.getPrototypeOf(SharedCache.prototype);
  const without = new Set(
    nullary.flatMap((line) => {
      const [kind, ...names] = line.split(/[. ]/);
      return names.map((name) => `${kind}.${name}`);
    }),
  );
  const named = (title: string) => Object.keys(rows).some((row) => row.startsWith(`${title} `));
  const examples: [string, object][] = [
    ['SharedCache', cache],
    ['Arena', arena],
    ['ZsPool', pool],
    ['ObjectCache', objects],
    ['Folio', folio],
    ['Pin', pin],
  ];
  for (const [kind, example] of examples) {
    for (const [where, names] of [
      [example.constructor.prototype, Object.getOwnPropertyNames(example.constructor.prototype)],
      [example.constructor, Object.getOwnPropertyNames(example.constructor)],
      ...(kind === 'SharedCache' ? [[view, Object.getOwnPropertyNames(view)] as const] : []),
    ] as const) {
      for (const name of names) {
        const { value } = Object.getOwnPropertyDescriptor(where, name)!;
        if (typeof value !== 'function' || name === 'constructor') continue;
        const title = `${kind}.${name}`;
        assert.ok(named(title) || without.has(title), `${title} has no row`);
      }
    }
  }
});

const watched = new WatchedZone(arena);

async function attempt(title: string, row: Row, bad: unknown): Promise<unknown> {
  try {
    await row(bad);
    return undefined;
  } catch (error) {
    const isTyped = error instanceof PagelessError && !(error instanceof CorruptionError);
    assert.ok(
      isTyped || error instanceof UsersOwnError,
      `${title}: ${(error as Error)?.stack ?? error}`,
    );
    assert.equal(typeof (error as Error).message, 'string');
    return error;
  }
}

function seed(): void {
  for (let i = 0; i < 100; i++) cache.set(`kept ${i}`, kept);
  assert.ok(pool.write(handle, kept));
  objects.write(object, kept.subarray(0, 64));
  const view = pinned.map();
  view.fill(5);
  view.close();
}

function assertKept(): void {
  for (let i = 0; i < 100; i++) assert.deepEqual(cache.get(`kept ${i}`), kept, `kept ${i}`);
  assert.deepEqual(pool.read(handle), kept);
  arena.check();
}

test('what is refused is refused by a typed error, and has changed nothing', async () => {
  await settled(arena);
  seed();
  watched.remember();
  let refusals = 0;
  for (const [title, row] of Object.entries(rows)) {
    for (const [name, bad] of hostile()) {
      const error = await attempt(`${title}: ${name}`, row, bad);
      if (error !== undefined) refusals++;
      if (!(error instanceof InvalidArgumentError) && !(error instanceof UsersOwnError)) {
        watched.remember();
        continue;
      }
      watched.assertSame(`${title}: ${name} was refused and has changed something`);
    }
  }
  assert.ok(refusals > 2000, `${refusals}`);
  assertKept();
});
