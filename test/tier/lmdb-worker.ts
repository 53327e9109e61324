/** A thread over LMDB: it writes a value and says what `flush` gave, then does as it is told. */
import { parentPort, workerData } from 'node:worker_threads';
import { SharedCache, type SharedCacheHandle } from '../../src/index.ts';
import { type LmdbTierOptions, lmdbTier } from '../../src/tier/lmdb.ts';

const { handle, path, writer } = workerData as {
  handle: SharedCacheHandle;
  path: string;
  writer: LmdbTierOptions['writer'];
};
const tier = lmdbTier({ path, writer, timeoutMs: 20_000 });
const cache = SharedCache.attach<string>(handle, { tier });

parentPort!.on('message', (word: string) => {
  if (word === 'close') {
    cache.close();
    parentPort!.postMessage('closed');
  }
  if (word === 'error') setInterval(tellError, 5);
  if (word === 'on') void writeOn();
});

function tellError(): void {
  const { lastError } = cache.stats().tier!;
  if (lastError !== undefined) parentPort!.postMessage(lastError);
}

/** Writes until it is terminated; says so when it has begun. */
async function writeOn(): Promise<void> {
  for (let i = 0; ; i++) {
    for (let key = 0; key < 50; key++) cache.set(`worker:${key}`, `${i}`.padEnd(1000));
    await cache.flush();
    if (i === 0) parentPort!.postMessage('on');
  }
}

cache.set('worker:0', '0');
void cache.flush().then((flushed) => parentPort!.postMessage(flushed));
