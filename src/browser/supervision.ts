/**
 * Stands for threads/supervision.ts in bundles for browsers, where no thread supervises and locks
 * tell of deaths (threads/life-lock.ts): package.json's `browser` says so to bundlers.
 */
import { registry } from '../threads/registry.ts';

/** Says once, where such a bundle runs in Node, that there is no supervisor. */
export function seekSupervisor(): void {
  const known = registry();
  if (known.isWarned) return;
  known.isWarned = true;
  globalThis.process?.emitWarning?.(
    'Threads that are killed are noticed late: this is a bundle for browsers',
    { type: 'PagelessWarning', code: 'PAGELESS_UNSUPERVISED' },
  );
}
