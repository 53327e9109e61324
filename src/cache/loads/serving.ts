/**
 * `getOrSet` where there is a stale value: who has one need not wait.
 *
 *                  computes                        has a stale value meanwhile
 *   getOrSet       one caller, in the background   is given that at once
 *   getOrSetSync   the one who gets the lease      is given that, if another computes
 *
 * What the function throws is then counted, and told to nobody: the next caller asks again.
 */
import { InvalidArgumentError } from '../../errors.ts';
import type { Loader } from './loader.ts';
import type { Request } from './options.ts';

/** What is stale, at once, while one computes; else what `load` gives. */
export async function serve<V>(loader: Loader<V>, request: Request<V>): Promise<V | undefined> {
  const stale = request.isRefresh ? undefined : loader.stale(request, true);
  if (stale !== undefined) {
    // Else somebody has set it this moment.
    if (request.status.load === 'stale') {
      loader.load({ ...request, signal: undefined, status: {}, isAside: true }).catch(() => {});
    }
    return stale;
  }
  try {
    return await loader.load(request);
  } catch (error) {
    return insteadOf(error, loader, request, request.staleIfError);
  }
}

/** What is stale, if another one computes or this one fails; else what `loadSync` gives. */
export function serveSync<V>(loader: Loader<V>, request: Request<V>): V | undefined {
  const isServed = !request.isRefresh && loader.stale(request) !== undefined;
  try {
    return loader.loadSync(request, isServed);
  } catch (error) {
    // That the function has returned a promise is told in any case.
    const isMisuse = error instanceof InvalidArgumentError;
    return insteadOf(error, loader, request, !isMisuse && (isServed || request.staleIfError));
  }
}

function insteadOf<V>(
  error: unknown,
  loader: Loader<V>,
  request: Request<V>,
  isServed: boolean,
): V {
  const old = isServed ? loader.stale(request) : undefined;
  if (old === undefined) throw error;
  return old;
}
