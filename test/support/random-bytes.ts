/** Synthetic data and synthetic LZ4 blocks for seeded tests. */
import type { Seeded } from './seeded.ts';

export const kinds = ['zeros', 'noise', 'periodic', 'text', 'sparse', 'copies'] as const;
export type Kind = (typeof kinds)[number];

/** `n` bytes of a kind of data. */
export function randomBytes(run: Seeded, kind: Kind, n: number): Uint8Array {
  const bytes = new Uint8Array(n);
  if (kind === 'zeros') return bytes;
  if (kind === 'text') return randomText(run, bytes);
  if (kind === 'sparse') {
    for (let left = n >> 5; left > 0; left--) bytes[run.int(n)] = run.int(256);
    return bytes;
  }
  if (kind === 'copies') return randomCopies(run, bytes);
  const period = kind === 'periodic' ? 1 + run.int(run.int(2) ? 12 : 600) : n;
  for (let at = 0; at < n; at++) bytes[at] = at < period ? run.int(256) : bytes[at - period]!;
  return bytes;
}

/** Words of a small made-up language, the common ones common. */
function randomText(run: Seeded, bytes: Uint8Array): Uint8Array {
  const words = Array.from({ length: 200 }, () =>
    Array.from({ length: 1 + run.int(9) }, () => 97 + run.int(26)),
  );
  let at = 0;
  while (at < bytes.length) {
    const word = words[Math.floor(words.length * run.random() ** 3)]!;
    for (const letter of [...word, 32]) if (at < bytes.length) bytes[at++] = letter;
  }
  return bytes;
}

/** Noise mixed with stretches that repeat something from before at any distance. */
function randomCopies(run: Seeded, bytes: Uint8Array): Uint8Array {
  let at = 0;
  while (at < bytes.length) {
    const stop = Math.min(bytes.length, at + 1 + run.int(run.int(8) ? 30 : 900));
    const offset = run.int(2) && at > 0 ? 1 + run.int(at) : 0;
    for (; at < stop; at++) bytes[at] = offset > 0 ? bytes[at - offset]! : run.int(256);
  }
  return bytes;
}

/** A block of random sequences: mostly well formed, of every length class, offsets often small. */
export function randomBlock(run: Seeded): Uint8Array {
  const block: number[] = [];
  const length = (): number => [run.int(15), run.int(40), run.int(20), run.int(900)][run.int(4)]!;
  const count = (rest: number): void => {
    for (; rest >= 255; rest -= 255) block.push(255);
    block.push(rest);
  };
  const literalsTo = (low: number): number => {
    const literals = length();
    block.push((Math.min(literals, 15) << 4) | low);
    if (literals >= 15) count(literals - 15);
    for (let left = literals; left > 0; left--) block.push(run.int(256));
    return literals;
  };
  let size = 0;
  for (let left = run.int(40); left > 0; left--) {
    const match = length();
    size += literalsTo(Math.min(match, 15));
    const isWrong = run.int(400) === 0;
    const offset = 1 + run.int(Math.min(size, run.int(3) ? 20 : 65535));
    const written = isWrong ? run.int(2) * (size + 1) : offset;
    block.push(written & 255, (written >> 8) & 255);
    if (match >= 15) count(match - 15);
    size += 4 + match;
  }
  literalsTo(0);
  return Uint8Array.from(block);
}
