/** The other thread of updates.test.ts. */
import { workerData } from 'node:worker_threads';
import { SharedCache } from '../../src/index.ts';

/** Words: how many changes were asked for, −1 = no more; and how many were made. */
export const ASKED = 0;
export const DONE = 1;

/** Ways to add 1. */
export const CHANGES = {
  update: (cache: SharedCache<number>) => cache.update('key', (old) => old! + 1),
  increment: (cache: SharedCache<number>) => cache.increment('key'),
  set: (cache: SharedCache<number>) => cache.set('key', cache.get('key')! + 1),
};

export interface UpdaterData {
  handle: SharedCache['handle'];
  words: Int32Array<SharedArrayBuffer>;
  kind: keyof typeof CHANGES;
  /** Changes to make on its own, once it was asked, or until no more are asked for. */
  many: number;
}

function main({ handle, words, kind, many }: UpdaterData): void {
  const cache = SharedCache.attach<number>(handle);
  for (let asked = 1; ; asked++) {
    Atomics.wait(words, ASKED, asked - 1);
    if (Atomics.load(words, ASKED) < 0) break;
    if (many === 0) CHANGES[kind](cache);
    else say(words);
    for (let i = 0; i < many && Atomics.load(words, ASKED) > 0; i++) CHANGES[kind](cache);
    say(words);
  }
  cache.close();
}

function say(words: Int32Array): void {
  Atomics.add(words, DONE, 1);
  Atomics.notify(words, DONE);
}

if (workerData?.words) main(workerData as UpdaterData);
