/** Room that is taken in units: a power of two. */
export function alignUp(value: number, unit: number): number {
  return (value + unit - 1) & -unit;
}
