/**
 * What goes wrong, as types: every error that pageless throws is a `PagelessError` with a `code`.
 *
 * Expected outcomes (no such key, out of memory, refused) are return values and never appear here.
 * Misuse throws, says what was seen and what was expected, and has changed nothing. Corruption
 * throws and stays: the zone is poisoned and every thread gets the same error from then on.
 *
 * docs/ERRORS.md lists the codes.
 */
import { show } from './language/show.ts';

export type ErrorCode =
  | 'ERR_PAGELESS_INVALID_ARGUMENT'
  | 'ERR_PAGELESS_INVALID_FREE'
  | 'ERR_PAGELESS_NOT_YOURS'
  | 'ERR_PAGELESS_NO_DESCRIPTOR'
  | 'ERR_PAGELESS_STALE'
  | 'ERR_PAGELESS_BUSY'
  | 'ERR_PAGELESS_TYPE_CONFLICT'
  | 'ERR_PAGELESS_INCOMPATIBLE_ZONE'
  | 'ERR_PAGELESS_TOO_MANY_THREADS'
  | 'ERR_PAGELESS_ZONE_TOO_SMALL'
  | 'ERR_PAGELESS_CORRUPTION'
  | 'ERR_PAGELESS_DISPOSED'
  | 'ERR_PAGELESS_BAD_IMAGE'
  | 'ERR_PAGELESS_INVALID_HANDLE'
  | 'ERR_PAGELESS_CACHE_MISMATCH'
  | 'ERR_PAGELESS_TOO_MANY_CACHES'
  | 'ERR_PAGELESS_TOO_MANY_NAMESPACES'
  | 'ERR_PAGELESS_FOREIGN_HANDLE'
  | 'ERR_PAGELESS_UNSUPPORTED'
  | 'ERR_PAGELESS_TARGET_TOO_SMALL'
  | 'ERR_PAGELESS_NOT_A_NUMBER'
  | 'ERR_PAGELESS_COMPUTE'
  | 'ERR_PAGELESS_TIMEOUT'
  | 'ERR_PAGELESS_TIER';

export class PagelessError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface MisuseOptions extends ErrorOptions {
  /** What the caller may have meant, or why it cannot be had. */
  hint?: string;
}

/** An argument of the wrong type or outside its range. */
export class InvalidArgumentError extends PagelessError {
  constructor(argument: string, expected: string, seen: unknown, options: MisuseOptions = {}) {
    const { hint, ...rest } = options;
    const message = `${argument} must be ${expected}; seen: ${show(seen)}`;
    super('ERR_PAGELESS_INVALID_ARGUMENT', hint ? `${message}; ${hint}` : message, rest);
  }
}

/** A free of something that is not the caller's allocation. Nothing has changed. */
export class InvalidFreeError extends PagelessError {
  readonly pfn: number;
  readonly order: number;

  constructor(pfn: number, order: number, reason: string) {
    super('ERR_PAGELESS_INVALID_FREE', `Cannot free page ${pfn} with order ${order}: ${reason}`);
    this.pfn = pfn;
    this.order = order;
  }
}

/** A lock or pin that is not this thread's, or was given back. Nothing has changed. */
export class NotYoursError extends PagelessError {
  constructor(what: string, reason: string) {
    super('ERR_PAGELESS_NOT_YOURS', `Cannot ${what}: ${reason}`);
  }
}

/** A page that has no memory descriptor, so that there is nothing to pin or lock. */
export class NoDescriptorError extends PagelessError {
  readonly pfn: number;

  constructor(pfn: number) {
    super('ERR_PAGELESS_NO_DESCRIPTOR', `Cannot pin page ${pfn}: it has no descriptor`);
    this.pfn = pfn;
  }
}

/** A name whose object was freed. */
export class StaleError extends PagelessError {
  constructor(what: string, name: number | string) {
    super('ERR_PAGELESS_STALE', `There is no ${what} ${name} (any more)`);
  }
}

/** Somebody is in the way. What was asked for is not half-done; try again later. */
export class BusyError extends PagelessError {
  constructor(reason: string) {
    super('ERR_PAGELESS_BUSY', `Busy: ${reason}`);
  }
}

/** A page type that cannot be registered as asked. */
export class TypeConflictError extends PagelessError {
  constructor(name: string, reason: string) {
    super('ERR_PAGELESS_TYPE_CONFLICT', `Cannot register the type ${show(name)}: ${reason}`);
  }
}

/** Memory that is no zone, or one that this version cannot use. Nothing was written. */
export class IncompatibleZoneError extends PagelessError {
  constructor(reason: string) {
    super('ERR_PAGELESS_INCOMPATIBLE_ZONE', `Cannot attach: ${reason}`);
  }
}

/** All 255 thread slots of the zone are taken. */
export class TooManyThreadsError extends PagelessError {
  constructor() {
    super('ERR_PAGELESS_TOO_MANY_THREADS', 'A zone takes 255 threads, and all slots are in use');
  }
}

/** The zone has no room for what every cache or thread needs. */
export class ZoneTooSmallError extends PagelessError {
  constructor(what: string) {
    super('ERR_PAGELESS_ZONE_TOO_SMALL', `The zone has no memory left for ${what}`);
  }
}

/** `getInto` was given less room than the value has bytes. Nothing was copied. */
export class TargetTooSmallError extends PagelessError {
  /** Bytes of the value. */
  readonly needed: number;

  constructor(needed: number, room: number) {
    super(
      'ERR_PAGELESS_TARGET_TOO_SMALL',
      `The target has room for ${room} bytes; the value has ${needed}`,
    );
    this.needed = needed;
  }
}

/** `increment` of what is no whole number, or beyond what a number holds. Nothing has changed. */
export class NotANumberError extends PagelessError {
  constructor(key: unknown, reason: string) {
    super('ERR_PAGELESS_NOT_A_NUMBER', `Cannot increment ${show(key)}: ${reason}`);
  }
}

/** What is known here of an error that another thread has thrown. */
export interface RemoteError {
  readonly name: string;
  readonly message: string;
  readonly code: string | number | undefined;
  /** The beginning of its stack: up to 1 KiB. */
  readonly text: string;
}

/** The function that computed a value for `getOrSet` has thrown, in another thread. */
export class ComputeError extends PagelessError {
  declare readonly cause: RemoteError;

  constructor(cause: RemoteError) {
    const { name, message } = cause;
    super('ERR_PAGELESS_COMPUTE', `Another thread could not compute it: ${name}: ${message}`, {
      cause,
    });
  }
}

/** Something did not end in time. */
export class TimeoutError extends PagelessError {
  constructor(what: string, ms: number) {
    super('ERR_PAGELESS_TIMEOUT', `${what} took more than ${ms} ms`);
  }
}

/** A second tier that cannot be used as it was asked for. The cache goes on without it. */
export class TierError extends PagelessError {
  /** Of which tier: its `name`. */
  readonly tier: string;

  constructor(tier: string, reason: string, options?: ErrorOptions) {
    super('ERR_PAGELESS_TIER', `${tier}: ${reason}`, options);
    this.tier = tier;
  }
}

/**
 * An invariant over shared memory is false, or a thread died inside the kernel. The zone is
 * poisoned: dispose it and create another.
 */
export class CorruptionError extends PagelessError {
  /** What was found; a number of kernel/base/fault.ts. */
  readonly fault: number;
  /** Thread slot that found it, or that died. */
  readonly slot: number;
  /** Address, pfn or operation, depending on `fault`. */
  readonly detail: number;

  constructor(reason: string, fault: number, slot: number, detail: number, cause?: unknown) {
    super(
      'ERR_PAGELESS_CORRUPTION',
      `${reason} (fault ${fault}, slot ${slot}, detail ${detail}); the zone can no longer be used`,
      cause === undefined ? undefined : { cause },
    );
    this.fault = fault;
    this.slot = slot;
    this.detail = detail;
  }
}

/** The arena or cache was disposed in this thread. */
export class DisposedError extends PagelessError {
  constructor(what: string) {
    super('ERR_PAGELESS_DISPOSED', `This ${what} was disposed`);
  }
}

export type FileKind = 'arena image' | 'saved cache';

export interface FileErrorOptions extends ErrorOptions {
  /** Whether it was to be written, not read. */
  isTarget?: boolean;
}

/**
 * A file that is no arena image or no saved cache, or a damaged one, or that cannot be written.
 * What the system said is the `cause`: its `code` is `'ENOENT'` where there is no file.
 */
export class BadImageError extends PagelessError {
  constructor(file: string, reason: string, kind?: FileKind, options?: FileErrorOptions) {
    const what = kind ?? 'arena image';
    const text = options?.isTarget
      ? `The ${what} ${file} cannot be written: ${reason}`
      : `${file} is not a usable ${what}: ${reason}`;
    super('ERR_PAGELESS_BAD_IMAGE', text, options);
  }
}

/** A handle of another pool. Nothing has changed. */
export class ForeignHandleError extends PagelessError {
  readonly handle: number;

  constructor(handle: number) {
    super('ERR_PAGELESS_FOREIGN_HANDLE', `Handle ${handle} belongs to another pool`);
    this.handle = handle;
  }
}

/** A handle that names no object in use of the cache. Nothing has changed. */
export class InvalidHandleError extends PagelessError {
  readonly handle: number;

  constructor(handle: number, cache: string) {
    super('ERR_PAGELESS_INVALID_HANDLE', `${handle} is no object in use of the cache '${cache}'`);
    this.handle = handle;
  }
}

/** An object cache exists by this name, with objects of another size. */
export class CacheMismatchError extends PagelessError {
  constructor(name: string, expected: number, seen: number) {
    super(
      'ERR_PAGELESS_CACHE_MISMATCH',
      `The cache '${name}' has objects of ${seen} bytes, not ${expected}`,
    );
  }
}

/** An arena's table of object caches is full. */
export class TooManyCachesError extends PagelessError {
  constructor(caches: number) {
    super('ERR_PAGELESS_TOO_MANY_CACHES', `An arena has room for ${caches} object caches`);
  }
}

/** A cache's table of namespaces is full. */
export class TooManyNamespacesError extends PagelessError {
  constructor(names: number) {
    super('ERR_PAGELESS_TOO_MANY_NAMESPACES', `A cache has room for ${names} namespaces`);
  }
}

/**
 * The engine, page or process does not let us have shared memory or WebAssembly; the message says
 * why.
 */
export class UnsupportedError extends PagelessError {
  constructor(reason: string, options?: ErrorOptions) {
    super('ERR_PAGELESS_UNSUPPORTED', `pageless cannot be used here: ${reason}`, options);
  }
}

/** Written out, as the language's own errors have it: minifiers rename classes. */
const named = {
  PagelessError,
  InvalidArgumentError,
  InvalidFreeError,
  NotYoursError,
  NoDescriptorError,
  NotANumberError,
  StaleError,
  BusyError,
  TypeConflictError,
  IncompatibleZoneError,
  TooManyThreadsError,
  ZoneTooSmallError,
  CorruptionError,
  DisposedError,
  BadImageError,
  ForeignHandleError,
  InvalidHandleError,
  CacheMismatchError,
  TooManyCachesError,
  TooManyNamespacesError,
  UnsupportedError,
  TargetTooSmallError,
  ComputeError,
  TimeoutError,
  TierError,
};

for (const [name, { prototype }] of Object.entries(named)) {
  Object.defineProperty(prototype, 'name', { value: name, configurable: true, writable: true });
}
