/**
 * What must work inside any test runner; `pageless` is given, for some load it in their own way.
 */
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

/** @returns [name, what to run] */
export function cases({ SharedCache }, folder) {
  const create = () => new SharedCache({ maxSize: '8MiB', values: 'string' });
  const expect = (seen, expected) => {
    if (seen !== expected) throw new Error(`${seen} instead of ${expected}`);
  };
  return [
    [
      'set and get, of all kinds of values',
      () => {
        const bytes = new SharedCache({ maxSize: '8MiB' });
        bytes.set(Uint8Array.of(1), Uint8Array.of(2, 3));
        expect(bytes.get(Uint8Array.of(1)).join(), '2,3');
        bytes.set('buffer', Buffer.from('text'));
        expect(Buffer.from(bytes.get('buffer')).toString(), 'text');
        bytes.close();
        const json = new SharedCache({ maxSize: '8MiB', values: 'json' });
        json.set('a', { b: [1] });
        expect(json.get('a').b[0], 1);
        json.close();
      },
    ],
    [
      'a handle that was cloned',
      () => {
        const cache = create();
        cache.set('a', 'b');
        expect(SharedCache.attach(structuredClone(cache.handle)).get('a'), 'b');
        cache.close();
      },
    ],
    [
      'a worker shares, and is ended',
      async () => {
        const cache = create();
        cache.set('from main', 'hello');
        const worker = new Worker(join(folder, '../programs/attach.cjs'), {
          workerData: cache.handle,
        });
        await once(worker, 'message');
        expect(cache.get('from the worker'), 'hello, seen');
        await worker.terminate();
        cache.arena.check();
        cache.close();
      },
    ],
  ];
}
