/** FNV-1a, of 32 bits: short, and good enough to spread keys over a table. */

export const FNV_BASIS: number = 0x811c9dc5;

/** The hash of what `hash` is of, and of one more byte or word. */
export function fnv(hash: number, part: number): number {
  return Math.imul(hash ^ part, 0x01000193);
}
