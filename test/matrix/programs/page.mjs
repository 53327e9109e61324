/** The same in a page: it tells the server how it went. */
import { SharedCache } from 'pageless';

/** No literal where it is used: Parcel refuses one there. */
const workerFile = '/page-worker.js';

function start(cache) {
  const worker = new Worker(workerFile, { type: 'module' });
  return new Promise((resolve, reject) => {
    worker.onmessage = () => resolve(worker);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(cache.handle);
  });
}

async function main() {
  for (let round = 0; round < 3; round++) {
    const cache = new SharedCache({ maxSize: '8MiB', values: 'json' });
    cache.set('from main', { round });
    const workers = [await start(cache), await start(cache)];
    const seen = cache.get('from the worker');
    if (seen?.round !== round) throw new Error(`seen: ${JSON.stringify(seen)}`);
    workers[0].terminate();
    for (let n = 0; n < 1000; n++) {
      cache.set(`after ${n}`, { n });
      if (cache.get(`after ${n}`)?.n !== n) throw new Error(`after ${n} is lost`);
    }
    workers[1].terminate();
    cache.close();
  }
  return 'ok';
}

main()
  .catch((error) => `${error.stack ?? error}`)
  .then((body) => fetch('/outcome', { method: 'POST', body }));
