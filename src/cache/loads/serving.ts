/**
 * `getOrSet` where there is a stale value: who has one need not wait.
 *
 *                  computes                        has a stale value meanwhile
 *   getOrSet       one caller, in the background   is given that at once
 *   getOrSetSync   the one who gets the lease      is given that, if another computes
 *
 * What the function throws is then counted, and told to nobody: the next caller asks again.
 */
import { InvalidArgumentError, PagelessError } from '../../errors.ts';
import type { Key } from '../transfer/transfer.ts';
import type { Loader } from './loader.ts';
import { type Call, type Request, readRequest } from './options.ts';

/**
 * The key's value; else what `load` makes of the call. A hit reads no options but those that it is
 * given. What the user's codec cannot read is computed anew, as with `forceRefresh`.
 */
export function getOr<V, R>(
  view: { get(key: Key): V | undefined },
  call: Call<V>,
  load: (request: Request<V>) => R,
): V | R {
  if (typeof call.compute !== 'function') {
    throw new InvalidArgumentError('compute', 'a function', call.compute);
  }
  let request = call.options === undefined ? undefined : readRequest(call);
  try {
    const value = request?.isRefresh ? undefined : view.get(call.key);
    if (value !== undefined) {
      if (request) request.status.load = 'hit';
      return value;
    }
  } catch (error) {
    if (error instanceof PagelessError) throw error;
    request ??= readRequest(call);
    request.isRefresh = true;
  }
  return load(request ?? readRequest(call));
}

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
