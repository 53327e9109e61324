/** One cache, shared by the main thread and a worker. */
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { SharedCache } from 'pageless';

interface User {
  name: string;
  visits: number;
}

if (isMainThread) {
  using users = new SharedCache<User>({ maxSize: '64MiB', values: 'json', ttl: 60_000 });
  users.set('user:1', { name: 'Ada', visits: 1 });

  const worker = new Worker(new URL(import.meta.url), { workerData: users.handle });
  await new Promise((resolve) => worker.once('exit', resolve));

  console.log(users.get('user:1')); // { name: 'Ada', visits: 2 }
  console.log(users.stats().entries, 'entry of', users.arena.size, 'bytes');
} else {
  using users = SharedCache.attach<User>(workerData);
  users.update('user:1', (user) => user && { ...user, visits: user.visits + 1 });
}
