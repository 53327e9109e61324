/** A write that waits for the tier, what it takes meanwhile, and what the tier is given. */
import { bytesOf, type PackedFrame } from './frame-memory.ts';
import type { TierEntry } from './interface.ts';
import { bytesOfName, type KeyName } from './key-name.ts';

/** What a removal, or the place of a frame, takes besides its key. */
const PLACE_BYTES = 64;

/** A frame, or a removal, and its turn. */
export interface Write {
  readonly name: KeyName;
  frame: PackedFrame | undefined;
  /** Milliseconds since 1970; 0: never. */
  readonly expiry: number;
  readonly turn: number;
  /** What `LocalWrites.mark` returned. */
  readonly others: number;
  /** Of everything, by any thread, before it was put. */
  readonly clears: number;
  /** A removal in the place of a frame for which there is no room. */
  isDropped: boolean;
  /**
   * Of this key something was sent that may have come true after what another thread has written,
   * or may yet: it leaves in any case, as a removal if it is not the last.
   */
  isDoubtful: boolean;
}

/** Bytes that a write takes while it waits. */
export function sizeOf(name: KeyName, frame: PackedFrame | undefined): number {
  return PLACE_BYTES + name.length + (frame?.length ?? 0);
}

/** What a tier is asked to keep, of writes that have frames. */
export function entriesOf(writes: readonly Write[], now: number): TierEntry[] {
  return writes.map(({ name, frame, expiry }) => ({
    key: bytesOfName(name),
    frame: bytesOf(frame!),
    ttl: expiry === 0 ? undefined : Math.max(1, Math.ceil(expiry - now)),
  }));
}
