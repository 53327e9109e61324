/**
 * A thread of suite `api`: it changes what other threads change as well. Each request is answered
 * by the ns of an operation.
 */

import { SharedCache, type SharedCacheHandle } from '../../src/index.ts';
import { numbersFrom } from '../../test/support/numbers.ts';
import { nsOf, serve } from '../crew.ts';

export interface Setup {
  handle: SharedCacheHandle;
  /** What all threads change, at random. */
  keys: string[];
  /** What `set` and `update` write in turn. */
  texts: [string, string];
}

export type Job = 'set' | 'update' | 'increment';

export interface Request {
  job: Job;
  ms: number;
}

/** Operations between two looks at the clock. */
const PASS = 500;

function jobsOf({ handle, texts }: Setup): Record<Job, (key: string) => void> {
  const cache = SharedCache.attach<string>(handle);
  const other = (old: string | undefined) => (old === texts[0] ? texts[1] : texts[0]);
  let at = 0;
  return {
    set: (key) => void cache.set(key, texts[at++ & 1]!),
    update: (key) => void cache.update(key, other),
    increment: (key) => void cache.increment(key),
  };
}

serve<Setup, Request>((setup, index) => {
  const { keys } = setup;
  const jobs = jobsOf(setup);
  const random = numbersFrom(index + 1);
  return ({ job, ms }, meet) => {
    const change = jobs[job];
    meet();
    return nsOf(PASS, ms, () => {
      for (let i = 0; i < PASS; i++) change(keys[random(keys.length)]!);
    });
  };
});
