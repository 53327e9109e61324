/**
 * The public API as it is signed (docs/api.d.ts) and as it is built (dist/), compared by the
 * compiler alone: this file is compiled with the tests and never run. An error names the member.
 *
 *   "update" is not assignable to never, in
 *     stillListed…   it is built by now: delete its line from `Missing`
 *     unsigned…      it is built and not signed: sign it in docs/api.d.ts
 *     notBuilt…      it is signed and not built
 *     differing…     its types disagree
 */

import type * as built from '../../dist/index.js';
import type * as signed from '../../docs/api.d.ts';

/** Signed and not built yet. May only shrink. */
type Missing = Record<never, never>;

/**
 * Types with the same name on both sides, member by member. A type that gets built gets its row.
 */
interface Pairs {
  SharedCache: [signed.SharedCache<Value>, built.SharedCache<Value>];
  SharedCacheConstructor: [signed.SharedCacheConstructor, built.SharedCacheConstructor];
  SharedCacheOptions: [signed.SharedCacheOptions<Value>, built.SharedCacheOptions<Value>];
  SharedCacheHandle: [signed.SharedCacheHandle, built.SharedCacheHandle];
  AttachOptions: [signed.AttachOptions<Value>, built.AttachOptions<Value>];
  RestoreOptions: [signed.RestoreOptions<Value>, built.RestoreOptions<Value>];
  NearOptions: [signed.NearOptions, built.NearOptions];
  SetOptions: [signed.SetOptions, built.SetOptions];
  CacheEvents: [signed.CacheEvents, built.CacheEvents];
  DeadThread: [signed.DeadThread, built.DeadThread];
  CacheStats: [signed.CacheStats, built.CacheStats];
  ValueCodec: [signed.ValueCodec<Value>, built.ValueCodec<Value>];
  codecs: [
    { clone: typeof signed.structuredCloneCodec<Value> },
    { clone: typeof built.structuredCloneCodec<Value> },
  ];
  aliases: [
    { key: signed.Key; bytes: signed.Bytes; in: signed.In<Bytes>; kind: signed.ValueKind },
    { key: built.Key; bytes: built.Bytes; in: built.In<Bytes>; kind: built.ValueKind },
  ];
  ErrorName: [Record<signed.ErrorName, 0>, Record<BuiltErrorName, 0>];
}

type Value = { name: string };
type Bytes = Uint8Array<ArrayBuffer>;
/** Those of the memory below are not the cache's, and not signed. */
type BuiltErrorName = Extract<Tail<built.ErrorCode>, signed.ErrorName>;
type Tail<Code> = Code extends `ERR_PAGELESS_${infer Name}` ? Name : never;

type Signed<T extends keyof Pairs> = Pairs[T][0];
type Built<T extends keyof Pairs> = Pairs[T][1];
type MissingOf<T extends keyof Pairs> = T extends keyof Missing ? Missing[T] : never;

/** Names of members that are not the same on both sides. */
type StillListed<T extends keyof Pairs> = keyof Built<T> & MissingOf<T>;
type Unsigned<T extends keyof Pairs> = Exclude<keyof Built<T>, keyof Signed<T>>;
type NotBuilt<T extends keyof Pairs> = Exclude<keyof Signed<T>, keyof Built<T> | MissingOf<T>>;
type Differing<T extends keyof Pairs> = {
  [M in keyof Signed<T> & keyof Built<T>]: Agree<Signed<T>[M], Built<T>[M], M> extends true
    ? never
    : M;
}[keyof Signed<T> & keyof Built<T>];

/** Their types name the cache itself, which agrees only when all is built: compared by arity. */
type NamesCache =
  | 'attach'
  | 'forEach'
  | 'load'
  | 'namespace'
  | 'off'
  | 'on'
  | 'prototype'
  | 'recreate';
/** Likewise: an opaque type is only itself. */
type NamesVersion = 'getWithVersion' | 'setIfVersion';
type Agree<A, B, M> = M extends NamesCache | NamesVersion
  ? Same<ArityOf<A>, ArityOf<B>>
  : Same<[A, ArityOf<A>], [B, ArityOf<B>]>;
/** What may be left out, too: a function that ignores an option may stand for one that takes it. */
type ArityOf<F> = F extends (...args: infer P) => unknown ? P['length'] : 0;
/** Each may stand where the other is expected. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

declare function none<_Names extends never>(): void;

export function compare(): void {
  none<{ [T in keyof Pairs]: StillListed<T> }[keyof Pairs]>();
  none<{ [T in keyof Pairs]: Unsigned<T> }[keyof Pairs]>();
  none<{ [T in keyof Pairs]: NotBuilt<T> }[keyof Pairs]>();
  none<{ [T in keyof Pairs]: Differing<T> }[keyof Pairs]>();
}
