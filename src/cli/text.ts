/**
 * Text: figures and tables as people read them, and trouble told once for each kind.
 */

/** What went wrong with one path; the rest went on. */
export interface Problem {
  kind: 'unreadable' | 'skipped' | 'too large' | 'no room' | 'changed' | 'wrong';
  path: string;
  detail: string;
}

/** Problems of a kind that are told one by one. */
const TOLD = 5;

export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** `57.2 MB`: millions of bytes, as data rates are given. */
export function megabytes(bytes: number): string {
  const digits = bytes < 1e6 ? 3 : 1;
  const fraction = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return `${(bytes / 1e6).toLocaleString('en-US', fraction)} MB`;
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.01 ? 3 : 1)} %`;
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Rows as lines: the first column to the left, the others to the right. */
export function table(rows: string[][], indent = ''): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, cell.length);
    }
  }
  const line = (row: string[]) =>
    row.map((cell, index) => (index ? cell.padStart(widths[index]!) : cell.padEnd(widths[0]!)));
  return rows.map((row) => `${indent}${line(row).join('  ')}`.trimEnd());
}

/** Problems as lines for people: of each kind the first few, and how many more there are. */
export function describeProblems(problems: Problem[]): string[] {
  const kinds = new Map<string, Problem[]>();
  for (const problem of problems) {
    const known = kinds.get(problem.kind);
    if (known) known.push(problem);
    else kinds.set(problem.kind, [problem]);
  }
  return [...kinds.values()].flatMap((found) => {
    const lines = found.slice(0, TOLD).map(({ path, detail }) => `${path}: ${detail}`);
    const more = found.length - lines.length;
    return more > 0 ? [...lines, `… and ${count(more)} more: ${found[0]!.kind}`] : lines;
  });
}

/** `EACCES: permission denied`, without the call and the path that Node adds. */
export function reasonOf(error: unknown): string {
  const { message = String(error) } = error as Error;
  return message.replace(/, (open|read|stat|lstat|scandir|realpath|access|fstat)( '.*')?$/s, '');
}
