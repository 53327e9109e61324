/** Waiting for somebody else's answer, but no longer than the caller wants.*/
import { TimeoutError } from '../errors.ts';
import { checkAmount, checkOptions, checkSignal } from './arguments.ts';
import { LONGEST_MS, later } from './timer.ts';

/** As much of an AbortSignal as is used: types of our own need neither `dom` nor @types/node. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

export interface WaitOptions {
  /** Ends this caller's wait: its promise is rejected with the signal's reason. Nobody else's. */
  signal?: Signal | undefined;
  /**
   * Milliseconds after which it is rejected with a `TimeoutError`; default: no limit of its own.
   */
  timeoutMs?: number | undefined;
}

/** Who waits for a signal. */
class Waiting {
  readonly all = new Set<() => void>();
  readonly fire = (): void => {
    for (const listener of [...this.all]) listener();
  };
}

const waits = new WeakMap<Signal, Waiting>();

/**
 * Calls `listener` when the signal fires. However many wait for one signal, it has one listener:
 * Node warns of more than ten. @returns what ends that
 */
export function onAbort(signal: Signal, listener: () => void): () => void {
  const { all, fire } = waits.get(signal) ?? new Waiting();
  if (all.size === 0) {
    signal.addEventListener('abort', fire);
    waits.set(signal, { all, fire });
  }
  all.add(listener);
  return () => {
    if (all.delete(listener) && all.size === 0) signal.removeEventListener('abort', fire);
  };
}

/** Waits for a promise as options say. */
export type Wait = <T>(answer: Promise<T>) => Promise<T>;

/**
 * How to wait: `what` says for what, in a message. Throws `InvalidArgumentError`. The wait is
 * rejected with the signal's reason, or a `TimeoutError`; what was waited for goes on.
 */
export function readWait(what: string, options: WaitOptions = {}): Wait {
  const { signal, timeoutMs = LONGEST_MS } = checkOptions(options, ['signal', 'timeoutMs']);
  checkSignal('signal', signal as AbortSignal | undefined);
  const ms = Math.min(checkAmount('timeoutMs', timeoutMs), LONGEST_MS);
  if (signal?.aborted) throw signal.reason;
  if (signal === undefined && ms === LONGEST_MS) return (answer) => answer;
  return (answer) =>
    new Promise((resolve, reject) => {
      const end = (): void => {
        endTimer();
        endSignal?.();
      };
      const abort = (): void => {
        end();
        reject(signal?.reason);
      };
      const endTimer = later(
        () => {
          end();
          reject(new TimeoutError(what, ms));
        },
        ms,
        true,
      );
      const endSignal = signal && onAbort(signal, abort);
      answer.then(resolve, reject).finally(end);
    });
}
