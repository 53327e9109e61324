/** pageless: memory that JavaScript threads share. */
export { Arena, type ArenaHandle, type ArenaOptions } from './arena.ts';
export { type Codec, lz4 } from './codec.ts';
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
  SkippedPages,
} from './compaction.ts';
export {
  BadImageError,
  BusyError,
  CacheMismatchError,
  CorruptionError,
  DisposedError,
  type ErrorCode,
  ForeignHandleError,
  IncompatibleZoneError,
  InvalidArgumentError,
  InvalidFreeError,
  InvalidHandleError,
  NoDescriptorError,
  NotYoursError,
  PagelessError,
  StaleError,
  TooManyCachesError,
  TooManyThreadsError,
  TypeConflictError,
  ZoneTooSmallError,
} from './errors.ts';
export { Folio, FolioView } from './folio.ts';
export type { SlabInfo } from './inspect/slab.ts';
export type { LimboReport, PageDescription, ZoneReport } from './inspect/zone.ts';
export type { ClassReport } from './inspect/zsmalloc.ts';
export { ObjectCache, type ObjectCacheOptions } from './object-cache.ts';
export { Pin } from './pin.ts';
export {
  type CacheStats,
  type Key,
  type SetOptions,
  SharedCache,
  type SharedCacheHandle,
  type SharedCacheOptions,
} from './shared-cache.ts';
export type { UserType } from './user-types.ts';
export type { ValueCodec, ValueKind } from './values.ts';
export { type CompactOptions, type CompactReport, ZsPool, type ZsPoolHandle } from './zs-pool.ts';
