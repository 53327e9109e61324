/** What a cache under measurement can do, and what it is made with. */
import type { SharedCacheHandle } from '../../src/index.ts';

export interface Subject {
  /** Puts a value's bytes at the start of `target`. @returns how many, −1 = there is none */
  read(key: string, target: Buffer): number;
  /** A value of the caller's own. */
  get(key: string): Uint8Array | string | undefined;
  has(key: string): boolean;
  set(key: string, value: Buffer): void;
  clear(): void;
  /** Values that it holds. */
  size(): number;
  /** Bytes of memory that it takes. */
  usedBytes(): number;
  close(): void;
}

export interface SubjectSetup {
  subject: string;
  /** As many as it shall hold; peers with a limit have this one. */
  entries: number;
  /** Bytes that ours gets. */
  zoneBytes: number;
  /** A cache that is there already. */
  handle?: SharedCacheHandle;
  /** Milliseconds; none without. */
  ttl?: number;
  /** Where a peer may put its files. */
  folder?: string;
}
