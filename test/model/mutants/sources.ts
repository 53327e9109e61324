/**
 * The kernel's sources, read once: the one table by which mutants find their files.
 *
 * A written mutant says what it changes, a generated one in which function; where that stands is
 * looked up here. So a file may move, or be divided, and no mutant, excuse or trace needs to know.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const kernelFolder: string = new URL('../../../kernel/', import.meta.url).pathname;

let table: Map<string, string> | undefined;

/** Text of every file that is compiled, by its path below kernel/, sorted. */
export function kernelSources(): ReadonlyMap<string, string> {
  table ??= new Map(
    readdirSync(kernelFolder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .sort()
      .map((file) => [file, readFileSync(join(kernelFolder, file), 'utf8')]),
  );
  return table;
}

/**
 * The one file in which each of the texts stands exactly once. Throws when there is none, or two.
 */
export function fileWith(texts: readonly string[]): string {
  const found = [...kernelSources()].filter(([, source]) =>
    texts.every((text) => source.split(text).length === 2),
  );
  const [file] = found[0] ?? [];
  if (file !== undefined && found.length === 1) return file;
  const where = found.length === 0 ? 'no file of the kernel' : found.map(([name]) => name).join();
  throw new Error(`found once in ${where}: ${texts.join(' … ')}`);
}
