/**
 * Life locks: how it is proven in browsers that a thread is gone.
 *
 * Nothing tells of a worker's end there: no channel closes, `terminate()` returns long before the
 * worker has run its last instruction (two seconds, in Chromium), and time-outs prove nothing. But
 * a
 * *Web Lock* that a worker holds comes free only when it runs no more. So every attached thread
 * holds one for its life, and every thread that answers its events watches the others'.
 *
 *   name    pageless ZONE OWNER. An owner number is made anew for each time a thread attaches, so a
 *           name never comes again
 *   proof   the lock was *seen held*, and later it was granted: whoever held it has left the zone
 *           or run its last instruction. A lock that nobody was seen to hold proves nothing: in
 *           Chromium a worker that asks for one and blocks in the same task has not even asked
 *
 * A grant after leaving is no harm: no live slot has that owner any more. A watcher holds the lock
 * for a moment, which another may see; both bury the same dead, which is burying once.
 *
 * What is not covered: a thread whose event loop has not turned since it attached, and a zone on
 * which no thread answers its events. The page's main thread always does, so it should be attached,
 * too.
 */
import { buryThread } from './burial.ts';
import { workerThreads, type Zone } from './registry.ts';

/** How often it is looked who has come. Deaths of those that are known are told at once. */
const LOOK_MS = 250;

/** What the zone keeps of it. */
export interface LifeLock {
  /** To be called when the slot is given back. */
  release(): void;
}

/** The browser's locks; not Node's, which wake nobody when a thread ends. */
function webLocks(): LockManager | undefined {
  return workerThreads() === undefined ? globalThis.navigator?.locks : undefined;
}

/** Holds this thread's lock, and watches the others', as long as it is attached. */
export function holdLife(zone: Zone): LifeLock | undefined {
  const locks = webLocks();
  if (!locks) return undefined;
  const prefix = `pageless ${zone.id} `;
  const leaving = new AbortController();
  const { signal } = leaving;
  const own = prefix + zone.owner;
  const end = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve());
  });
  // Refused where there is no origin: then this thread's death is not noticed, as its doc says.
  locks.request(own, () => end).catch(() => {});
  const known = new Set([own]);
  const look = async () => {
    const { held = [] } = await locks.query();
    for (const { name = '' } of held) {
      if (!name.startsWith(prefix) || known.has(name) || signal.aborted) continue;
      known.add(name);
      const bury = () => buryThread(zone, Number(name.slice(prefix.length)));
      locks.request(name, { signal }, bury).catch(() => {});
    }
  };
  const timer = setInterval(() => look().catch(() => {}), LOOK_MS);
  look().catch(() => {});
  return {
    release: () => {
      clearInterval(timer);
      leaving.abort();
    },
  };
}
