/**
 * The table of verdicts: what became of each mutant when it was last hunted.
 *
 * verdicts.tsv has a row for each: its key, a digest of the functions that it changes, verdict. A
 * row counts as long as these are the same, so a hunt that was interrupted goes on where it ended,
 * and one after a change hunts what the change touched. A function that is the same may still be
 * needed differently: a hunt without `--continue` asks all again. Comments and what only the debug
 * build has (kernel/thread/context.ts) are no part of it. Rows of mutants that are gone are
 * dropped.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Mutated } from './apply.ts';
import type { Catch, Hunt } from './hunt.ts';
import { changedText } from './schema.ts';
import { kernelSources } from './sources.ts';

const table = new URL('./verdicts.tsv', import.meta.url);

interface Row {
  digest: string;
  verdict: string;
}

/** What is not compiled into the kernel that ships: comments, assertions, their import, spaces. */
const unseen = /\/\*[\s\S]*?\*\/|\/\/.*|\n {2}assert\w+\(.*\);$|^import [^;]*\/context';$|\s+/gm;

function digestOf({ file, source }: Mutated): string {
  const text = changedText(kernelSources().get(file)!, source).replace(unseen, '');
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

export class Verdicts {
  readonly #rows = new Map<string, Row>();

  constructor() {
    const text = existsSync(table) ? readFileSync(table, 'utf8') : '';
    for (const line of text.split('\n').filter((row) => row !== '')) {
      const [key = '', digest = '', verdict = ''] = line.split('\t');
      this.#rows.set(key, { digest, verdict });
    }
  }

  /** What the table says of this very mutant; undefined of one that is new, or changed. */
  verdictOf(hunt: Hunt): string | undefined {
    const row = this.#rows.get(hunt.key);
    return row?.digest === digestOf(hunt) ? row.verdict : undefined;
  }

  /** Writes a verdict down, at once: the hunt may be interrupted. */
  record(hunt: Hunt, { verdict }: Catch): void {
    this.#rows.set(hunt.key, { digest: digestOf(hunt), verdict });
    this.#write();
  }

  /** Drops what is about mutants that are not among these, which are all there are. */
  keepOnly(all: readonly Pick<Hunt, 'key'>[]): void {
    const keys = new Set(all.map(({ key }) => key));
    for (const key of this.#rows.keys()) if (!keys.has(key)) this.#rows.delete(key);
    this.#write();
  }

  #write(): void {
    const rows = [...this.#rows].map(([key, row]) => `${key}\t${row.digest}\t${row.verdict}\n`);
    writeFileSync(table, rows.sort().join(''));
  }
}
