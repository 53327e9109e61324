/**
 * A futex mutex in C that threads fight for: the peer of a contended lock.
 */
import { NativePeer } from '../native.ts';

export interface Contest {
  /** Acquisitions a second, of all threads together. */
  perSecond: number;
  /** The longest that any thread waited once. */
  longestMs: number;
  /** Of all acquisitions, in percent, those of the thread that had the fewest. */
  leastShare: number;
}

/** What a contest of one lock came to, from each thread's acquisitions and longest wait. */
export function judge(acquisitions: number[], longestNs: number[], ms: number): Contest {
  const all = acquisitions.reduce((sum, one) => sum + one);
  return {
    perSecond: (all / ms) * 1000,
    longestMs: Math.max(...longestNs) / 1e6,
    leastShare: (100 * Math.min(...acquisitions)) / all,
  };
}

export class Mutex {
  readonly #native: NativePeer;

  private constructor(native: NativePeer) {
    this.#native = native;
  }

  /** @returns undefined where there is no compiler */
  static async open(): Promise<Mutex | undefined> {
    const native = await NativePeer.open('mutex');
    return native && new Mutex(native);
  }

  /**
   * Threads add `hold` times to a shared word under the lock. Timing the waits costs throughput.
   */
  async compete(threads: number, hold: number, isTimed: boolean, ms: number): Promise<Contest> {
    const kind = isTimed ? 'timed' : 'plain';
    const answer = await this.#native.ask(`${kind} ${threads} ${hold} ${ms}`);
    const every = (first: number) => answer.filter((_, i) => i % 2 === first);
    return judge(every(0), every(1), ms);
  }

  close(): void {
    this.#native.close();
  }
}
