/**
 * Node's diagnostics channels, where there are any. Nothing is built for them unless somebody
 * listens.
 *
 *   pageless:metrics    what became of each get, set and delete of a key: a `CallMetrics`
 *   tracing:pageless:…  start, end, asyncStart, asyncEnd and error of each computation, with a
 *                       `ComputationTrace`
 */
/** A call as `pageless:metrics` tells it, with what its `status` says. */
export interface CallMetrics {
  op: 'get' | 'set' | 'delete';
  key: string | Uint8Array;
  /** What was called: a `SharedCache`, or a namespace of one. */
  cache: object;
  /** Its name, if it is one. */
  namespace?: string;
  isRemoved?: boolean;
  get?: 'hit' | 'stale' | 'miss';
  set?: 'add' | 'replace' | 'refused';
  refusal?: string;
  entrySize?: number;
}

/** What the tracing channel `pageless` hands along: a computation of `getOrSet`. */
export interface ComputationTrace {
  key: string | Uint8Array;
}

/** As much of a channel as is used. */
interface MetricsChannel {
  readonly hasSubscribers: boolean;
  publish(message: CallMetrics): void;
}

const channels: typeof import('node:diagnostics_channel') | undefined =
  globalThis.process?.getBuiltinModule?.('node:diagnostics_channel');

const silent: MetricsChannel = { hasSubscribers: false, publish() {} };
export const metrics: MetricsChannel = channels?.channel('pageless:metrics') ?? silent;

const tracing = channels?.tracingChannel?.('pageless');
const parts = channels
  ? ['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map((name) =>
      channels.channel(`tracing:pageless:${name}`),
    )
  : [];

/** Runs a computation, and traces it if somebody listens. */
export function traced<R>(key: string | Uint8Array, isSync: boolean, compute: () => R): R {
  if (tracing === undefined || !parts.some((channel) => channel.hasSubscribers)) return compute();
  const context: ComputationTrace = { key };
  if (isSync) return tracing.traceSync(compute, context);
  // It may return no promise; errors are told as those of one.
  return tracing.tracePromise(async () => compute(), context) as R;
}
