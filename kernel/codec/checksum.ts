/**
 * The checksum of stored data: 32 bits that tell whether bytes are still what was written.
 *
 * Idea: hash64 under a fixed seed, its halves folded together. One damaged bit goes unseen with
 * probability 2^-32. It is an integrity check against stray writes, not against forgery, and the
 * seed differs from any arena's, so that a checksum says nothing about where keys land.
 *
 * Why not a CRC: WebAssembly has no instruction for it and a table would be a data segment; four
 * multiplying lanes read 8 bytes each at a time and need neither. Numbers: docs/design/60-codec.md.
 *
 * State, locks: none. Called by the store before publishing an entry and by checks.
 */
import { hash64 } from './hash';

/** "pageless" in ASCII, first letter lowest: any constant would do, it must never change. */
const SEED: u64 = 0x7373656c65676170;

/** Folds the hash of [src, src + n); every value is possible, 0 included. */
export function checksum(src: usize, n: u32): u32 {
  const hash = hash64(src, n, SEED);
  return u32(hash ^ (hash >> 32));
}
