/** Object caches: by name, the same in every thread; handles that are none are refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import {
  Arena,
  CacheMismatchError,
  type ErrorCode,
  InvalidArgumentError,
  InvalidHandleError,
  PagelessError,
  TooManyCachesError,
} from '../index.ts';

/** The error that `call` throws, which must have this class and code. */
function assertThrows(
  kind: new (...values: never[]) => PagelessError,
  code: ErrorCode,
  call: () => unknown,
): void {
  assert.throws(call, (error: unknown) => {
    assert.ok(error instanceof kind && error instanceof PagelessError, `${error}`);
    return error.code === code;
  });
}

test('objects are distinct, aligned, and hold what is written into them', () => {
  using arena = new Arena({ size: '8MiB' });
  for (const bytes of [8, 24, 32, 64, 160, 1024, 2048, 4096]) {
    const cache = arena.createObjectCache({ name: `of ${bytes}`, bytes });
    const handles = Array.from({ length: 200 }, () => cache.alloc()!);
    assert.equal(new Set(handles).size, handles.length);
    for (const [i, handle] of handles.entries()) cache.view(handle).fill(i);
    for (const [i, handle] of handles.entries()) {
      if (bytes % 32 === 0) assert.equal((handle * 8) % 32, 0);
      assert.deepEqual(cache.read(handle), new Uint8Array(bytes).fill(i));
    }
    for (const handle of handles) cache.free(handle);
    assert.ok(handles.every((handle) => !cache.has(handle)));
  }
  arena.check();
});

test('write copies a part, and refuses what does not fit', () => {
  using arena = new Arena({ size: '4MiB' });
  const cache = arena.createObjectCache({ name: 'points', bytes: 16 });
  const point = cache.alloc()!;
  cache.write(point, new Uint8Array(16));
  cache.write(point, Uint8Array.of(1, 2, 3), 13);
  assert.deepEqual([...cache.read(point).subarray(12)], [0, 1, 2, 3]);
  const tooMuch = () => cache.write(point, Uint8Array.of(1, 2, 3), 14);
  assertThrows(InvalidArgumentError, 'ERR_PAGELESS_INVALID_ARGUMENT', tooMuch);
});

test('a cache is found by its name; another size is a mismatch', () => {
  using arena = new Arena({ size: '4MiB' });
  const first = arena.createObjectCache({ name: 'sessions', bytes: 48 });
  const again = arena.createObjectCache({ name: 'sessions', bytes: 48 });
  const other = arena.createObjectCache({ name: 'session', bytes: 48 });
  const handle = first.alloc()!;
  assert.ok(again.has(handle));
  assert.ok(!other.has(handle));
  const differing = () => arena.createObjectCache({ name: 'sessions', bytes: 56 });
  assertThrows(CacheMismatchError, 'ERR_PAGELESS_CACHE_MISMATCH', differing);
});

test('the table of caches has an end', () => {
  using arena = new Arena({ size: '4MiB' });
  const create = (i: number) => arena.createObjectCache({ name: `cache ${i}`, bytes: 8 });
  let made = 0;
  const more = () => {
    while (made < 100) create(made++);
  };
  assertThrows(TooManyCachesError, 'ERR_PAGELESS_TOO_MANY_CACHES', more);
  assert.equal(made, 48, '47 and the one that was refused');
  assert.ok(create(3).alloc() !== undefined, 'those that exist are still found');
  arena.check();
});

const wrongHandles: [name: string, handle: (arena: Arena, good: number) => number][] = [
  ['a freed object', (_, good) => good],
  ['an object that was never handed out', (_, good) => good + 4 * 6],
  ['the middle of an object', (_, good) => good + 1],
  [
    'an object of another cache',
    (arena) => arena.createObjectCache({ name: 'b', bytes: 32 }).alloc()!,
  ],
  ['a page of the user', (arena) => arena.allocPages(0)! * 512],
  ['a free page', (arena) => (arena.size / 4096 - 1) * 512],
  ['the arena’s own pages', () => 512],
  ['null', () => 0],
  ['what lies beyond the arena', () => 2 ** 29 - 1],
];

for (const [name, wrong] of wrongHandles) {
  test(`refuses ${name}, and nothing has changed`, () => {
    using arena = new Arena({ size: '4MiB' });
    const cache = arena.createObjectCache({ name: 'a', bytes: 32 });
    const [good, kept] = [cache.alloc()!, cache.alloc()!];
    cache.free(good);
    const handle = wrong(arena, good);
    for (const use of ['free', 'view', 'read'] as const) {
      assertThrows(InvalidHandleError, 'ERR_PAGELESS_INVALID_HANDLE', () => cache[use](handle));
    }
    assert.equal(cache.has(handle), false);
    assert.ok(cache.has(kept));
    arena.check();
  });
}

test('names and sizes that are none are refused', () => {
  using arena = new Arena({ size: '4MiB' });
  for (const name of ['', 'x'.repeat(25), 'é'.repeat(13), 'a\0b', '\ud800', 7]) {
    const create = () => arena.createObjectCache({ name: name as string, bytes: 8 });
    assertThrows(InvalidArgumentError, 'ERR_PAGELESS_INVALID_ARGUMENT', create);
  }
  for (const bytes of [0, 4, 12, 4104, 8.5, Number.NaN, '8']) {
    const create = () => arena.createObjectCache({ name: 'x', bytes: bytes as number });
    assertThrows(InvalidArgumentError, 'ERR_PAGELESS_INVALID_ARGUMENT', create);
  }
  arena.createObjectCache({ name: 'é'.repeat(12), bytes: 4096 });
});

test('without memory alloc is undefined, until something is freed', () => {
  using arena = new Arena({ size: '4MiB' });
  const cache = arena.createObjectCache({ name: 'pages', bytes: 4096 });
  const handles: number[] = [];
  for (let handle = cache.alloc(); handle !== undefined; handle = cache.alloc())
    handles.push(handle);
  assert.ok(handles.length > 900);
  cache.free(handles.pop()!);
  const again = cache.alloc();
  assert.ok(again !== undefined);
  assert.equal(cache.alloc(), undefined);
  for (const handle of [...handles, again]) cache.free(handle);
  arena.check();
});

test('another thread finds the cache, reads an object and frees it', async () => {
  using arena = new Arena({ size: '4MiB' });
  const cache = arena.createObjectCache({ name: 'mail', bytes: 64 });
  const handle = cache.alloc()!;
  cache.write(handle, new TextEncoder().encode('hello'));
  const code = `
    import { workerData, parentPort } from 'node:worker_threads';
    const { Arena } = await import(workerData.module);
    using arena = Arena.attach(workerData.arena);
    const cache = arena.createObjectCache({ name: 'mail', bytes: 64 });
    const text = new TextDecoder().decode(cache.read(workerData.handle).subarray(0, 5));
    cache.free(workerData.handle);
    parentPort.postMessage(text);
  `;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), {
    workerData: {
      arena: arena.handle,
      handle,
      module: new URL('../index.ts', import.meta.url).href,
    },
  });
  // Its last message may come together with its end.
  const text = await new Promise((resolve, reject) => {
    let message: unknown;
    worker.once('message', (value) => {
      message = value;
    });
    worker.once('error', reject).once('exit', () => resolve(message));
  });
  assert.equal(text, 'hello');
  assert.ok(!cache.has(handle));
  arena.check();
});

test('slabInfo counts objects in use, in sheaves and in all', () => {
  using arena = new Arena({ size: '4MiB' });
  const cache = arena.createObjectCache({ name: 'counted', bytes: 64 });
  const handles = Array.from({ length: 100 }, () => cache.alloc()!);
  for (const handle of handles.splice(70)) cache.free(handle);
  const info = arena.slabInfo().find(({ name }) => name === 'counted')!;
  assert.ok(info.isUsers);
  assert.equal(info.activeObjects, 70);
  assert.deepEqual([info.objectBytes, info.objectsPerSlab, info.slabs], [64, 63, 2]);
  assert.ok(info.sheavedObjects >= 30 && info.objects === 126);
  const own = arena.slabInfo().filter(({ isUsers }) => !isUsers);
  assert.deepEqual(
    own.map(({ name }) => name),
    ['slab', 'folio', 'folio-64', 'folio-128', 'sheaf'],
  );
});
