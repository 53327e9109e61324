/** The identity of a zone as a text. Part of the supervisor's program. */

/** @returns 16 hexadecimal digits */
export function zoneIdOf(kernel: { zoneIdHi(): number; zoneIdLo(): number }): string {
  const word = (value: number) => (value >>> 0).toString(16).padStart(8, '0');
  return word(kernel.zoneIdHi()) + word(kernel.zoneIdLo());
}
