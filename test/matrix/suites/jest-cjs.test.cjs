/** Under Jest, as CommonJS: no flag, no transform. */
const { once } = require('node:events');
const { join } = require('node:path');
const { Worker } = require('node:worker_threads');
const { SharedCache } = require('pageless');
const { KeyvStore } = require('pageless/keyv');

test('set and get', () => {
  const cache = new SharedCache({ maxSize: '8MiB', values: 'string' });
  cache.set('a', 'b');
  expect(cache.get('a')).toBe('b');
  expect(new KeyvStore(cache).get('a')).toBe('b');
  expect(SharedCache.attach(structuredClone(cache.handle)).get('a')).toBe('b');
  cache.close();
});

test('bytes of this realm', () => {
  const cache = new SharedCache({ maxSize: '8MiB' });
  cache.set(Uint8Array.of(1), Buffer.from('text'));
  expect(Buffer.from(cache.get(Uint8Array.of(1))).toString()).toBe('text');
  cache.close();
});

test('a worker shares, and is ended', async () => {
  const cache = new SharedCache({ maxSize: '8MiB', values: 'string' });
  cache.set('from main', 'hello');
  const worker = new Worker(join(__dirname, '../programs/attach.cjs'), {
    workerData: cache.handle,
  });
  await once(worker, 'message');
  expect(cache.get('from the worker')).toBe('hello, seen');
  await worker.terminate();
  cache.close();
});
