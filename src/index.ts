/** pageless: memory that JavaScript threads share. */
export { Arena, type ArenaHandle, type ArenaOptions } from './arena.ts';
export { type Codec, lz4 } from './codec.ts';
export {
  BadImageError,
  CorruptionError,
  DisposedError,
  type ErrorCode,
  IncompatibleZoneError,
  InvalidArgumentError,
  InvalidFreeError,
  PagelessError,
  TooManyThreadsError,
  ZoneTooSmallError,
} from './errors.ts';
export type { PageDescription, ZoneReport } from './inspect/zone.ts';
export {
  type CacheStats,
  type Key,
  type SetOptions,
  SharedCache,
  type SharedCacheHandle,
  type SharedCacheOptions,
} from './shared-cache.ts';
export type { ValueCodec, ValueKind } from './values.ts';
