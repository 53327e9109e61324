/**
 * XXH64: 64 bits from any bytes, at about the speed of reading them.
 *
 * Idea: four lanes of 8 bytes run through multiply and rotate side by side, are merged, and what is
 * left over below 32 bytes is mixed in by 8, 4 and 1; a last avalanche lets every input bit reach
 * every output bit.
 *
 * Keys may be chosen by outsiders who want them to collide. XXH64's seed does not keep them from
 * it: inputs that differ by 2^36 in one mixed lane and by 2^63 in the next collide under *every*
 * seed, because a difference in the top bit passes a multiplication as it is. Which inputs mix to
 * such differences can be computed, unless a secret masks them first: `hashKey` does that. It is
 * XXH64 of masked words, and still no cryptographic function.
 *
 * The bytes are the caller's own or do not change: each is read once, so if they do change, the
 * result is the hash of some mixture, and nothing worse. State, locks: none. Called with keys by
 * the store and with stored data by checksum.ts.
 *
 * Source: XXH64 in the xxHash algorithm description (xxhash.com); the constants are its primes.
 */

const PRIME_1: u64 = 0x9e3779b185ebca87;
const PRIME_2: u64 = 0xc2b2ae3d27d4eb4f;
const PRIME_3: u64 = 0x165667b19e3779f9;
const PRIME_4: u64 = 0x85ebca77c2b2ae63;
const PRIME_5: u64 = 0x27d4eb2f165667c5;

/** Hashes [src, src + n), aligned or not; the range must lie inside the memory. */
export function hash64(src: usize, n: u32, seed: u64): u64 {
  return hashMasked(src, n, seed, 0);
}

/** The same for keys, which others may have chosen. The seed is a secret: one for each zone. */
export function hashKey(src: usize, n: u32, seed: u64): u64 {
  return hashMasked(src, n, seed, (seed ^ (seed >> 32)) * PRIME_3);
}

function hashMasked(src: usize, n: u32, seed: u64, mask: u64): u64 {
  const end = src + n;
  const stripesEnd = src + (n & ~31);
  let hash = n < 32 ? seed + PRIME_5 : hashStripes(src, stripesEnd, seed, mask);
  hash += u64(n);
  let at = stripesEnd;
  while (at + 8 <= end) {
    hash = rotl<u64>(hash ^ mixLane(0, load<u64>(at) ^ mask), 27) * PRIME_1 + PRIME_4;
    at += 8;
  }
  if (at + 4 <= end) {
    hash = rotl<u64>(hash ^ (u64(load<u32>(at) ^ u32(mask)) * PRIME_1), 23) * PRIME_2 + PRIME_3;
    at += 4;
  }
  while (at < end) {
    hash = rotl<u64>(hash ^ (u64(load<u8>(at) ^ u8(mask)) * PRIME_5), 11) * PRIME_1;
    at++;
  }
  hash = (hash ^ (hash >> 33)) * PRIME_2;
  hash = (hash ^ (hash >> 29)) * PRIME_3;
  return hash ^ (hash >> 32);
}

/** Takes whole stripes of 32 bytes, at least one. */
function hashStripes(at: usize, end: usize, seed: u64, mask: u64): u64 {
  let a = seed + PRIME_1 + PRIME_2;
  let b = seed + PRIME_2;
  let c = seed;
  let d = seed - PRIME_1;
  while (at < end) {
    a = mixLane(a, load<u64>(at) ^ mask);
    b = mixLane(b, load<u64>(at, 8) ^ mask);
    c = mixLane(c, load<u64>(at, 16) ^ mask);
    d = mixLane(d, load<u64>(at, 24) ^ mask);
    at += 32;
  }
  let hash = rotl<u64>(a, 1) + rotl<u64>(b, 7) + rotl<u64>(c, 12) + rotl<u64>(d, 18);
  hash = mergeLane(hash, a);
  hash = mergeLane(hash, b);
  hash = mergeLane(hash, c);
  return mergeLane(hash, d);
}

function mixLane(lane: u64, input: u64): u64 {
  return rotl<u64>(lane + input * PRIME_2, 31) * PRIME_1;
}

function mergeLane(hash: u64, lane: u64): u64 {
  return (hash ^ mixLane(0, lane)) * PRIME_1 + PRIME_4;
}
