/** Sizes as people write them: `268435456`, `'256MiB'`, `'1.5GiB'`, `'64 MB'`. */
import { InvalidArgumentError } from './errors.ts';

const units: Record<string, number> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

/** Bytes of a size. Throws `InvalidArgumentError` for anything else. */
export function parseSize(name: string, size: unknown): number {
  const expected = 'a number of bytes or a text like "256MiB"';
  const match = typeof size === 'string' ? /^\s*([0-9.]+)\s*([a-z]*)\s*$/i.exec(size) : null;
  const read = match ? Number(match[1]) * (units[match[2]!.toLowerCase()] ?? Number.NaN) : size;
  // Of less than a byte nothing is left.
  const bytes = typeof read === 'number' ? Math.floor(read) : Number.NaN;
  if (Number.isFinite(bytes) && bytes > 0) return bytes;
  throw new InvalidArgumentError(name, expected, size);
}

/** `1.5 MiB`: a size for people. */
export function formatSize(bytes: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB'];
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < names.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${names[unit]}`;
}
