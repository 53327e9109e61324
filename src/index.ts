/** pageless: memory that JavaScript threads share. */
export {
  Arena,
  type ArenaHandle,
  type ArenaOptions,
  type ReapOptions,
} from './arena/arena.ts';
export type {
  BackgroundCompaction,
  BackgroundOptions,
  CompactionOptions,
  CompactionReport,
  EvacuationOptions,
  EvacuationReport,
  HeldPage,
  HoldReason,
  PageKind,
  PageOptions,
  SkippedPages,
} from './arena/compaction.ts';
export type { Folio, FolioOptions, FolioView } from './arena/folio.ts';
export type { ObjectCache, ObjectCacheOptions } from './arena/object-cache.ts';
export type { Pin } from './arena/pin.ts';
export type { UserType } from './arena/user-types.ts';
export {
  type CompactOptions,
  type CompactReport,
  ZsPool,
  type ZsPoolHandle,
} from './arena/zs-pool.ts';
export type { CallMetrics, ComputationTrace } from './border/channels.ts';
export { isSupported, whyUnsupported } from './border/support.ts';
export type { Signal, WaitOptions } from './border/waiting.ts';
export type { EntryInfo } from './cache/calls/reader.ts';
export { SharedCache, type SharedCacheConstructor } from './cache/constructor.ts';
export type {
  Compute,
  ComputeContext,
  ComputeSync,
  LoadOptions,
  LoadSyncOptions,
} from './cache/loads/options.ts';
export type {
  AttachOptions,
  CacheEvents,
  CacheStats,
  DeadThread,
  GetManyOptions,
  GetOptions,
  IncrementOptions,
  Key,
  NamespaceOptions,
  NearOptions,
  NearStats,
  Refusal,
  RestoreOptions,
  SetOptions,
  SharedCacheHandle,
  SharedCacheOptions,
  Status,
  TimeOptions,
  Version,
} from './cache/shared-cache.ts';
export type { LoadStats } from './cache/telemetry/statistics.ts';
export type { TierHandle } from './cache/tiered/settings.ts';
export { structuredCloneCodec } from './cache/values/clone-codec.ts';
export type { Bytes, In, ValueCodec, ValueKind } from './cache/values/values.ts';
export type { CacheView } from './cache/view.ts';
export type { KeysOptions } from './cache/walks/iteration.ts';
export type { PurgeOptions } from './cache/walks/purge.ts';
export { type Codec, lz4 } from './codec.ts';
export {
  BadImageError,
  BusyError,
  CacheMismatchError,
  ComputeError,
  CorruptionError,
  DisposedError,
  type ErrorCode,
  ForeignHandleError,
  IncompatibleZoneError,
  InvalidArgumentError,
  InvalidFreeError,
  InvalidHandleError,
  NoDescriptorError,
  NotANumberError,
  NotYoursError,
  PagelessError,
  type RemoteError,
  StaleError,
  TargetTooSmallError,
  TierError,
  TimeoutError,
  TooManyCachesError,
  TooManyNamespacesError,
  TooManyThreadsError,
  TypeConflictError,
  UnsupportedError,
  ZoneTooSmallError,
} from './errors.ts';
export type { Counters } from './reports/counters.ts';
export type { SlabInfo } from './reports/slab.ts';
export type { LimboReport, PageDescription, ZoneReport } from './reports/zone.ts';
export type { ClassReport } from './reports/zsmalloc.ts';
export type { Tier, TierEntry, TierEvent, TierPolicy, TierStats } from './tier/interface.ts';
