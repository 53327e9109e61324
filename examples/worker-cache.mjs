/** One cache, shared by the main thread and a worker: the README's first program. */
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { SharedCache } from 'pageless';

if (isMainThread) {
  const users = new SharedCache({ maxSize: '64MiB', values: 'json', ttl: 60_000 });
  users.set('user:1', { name: 'Ada', visits: 1 });

  const worker = new Worker(new URL(import.meta.url), { workerData: users.handle });
  await new Promise((resolve) => worker.once('exit', resolve));

  console.log(users.get('user:1')); // { name: 'Ada', visits: 2 }
  users.close();
} else {
  const users = SharedCache.attach(workerData);
  users.update('user:1', (user) => ({ ...user, visits: user.visits + 1 }));
}
