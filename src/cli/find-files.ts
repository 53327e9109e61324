/**
 * Which files the demo loads.
 *
 * Without paths: every TypeScript, JavaScript, Markdown and JSON file below the current folder,
 * installed packages included, except what is generated (`dist`, `build`) and `.git`. With paths:
 * these files, and all files below these folders.
 *
 * Symbolic links are followed. A folder is entered once, by whatever name it is met first, so a
 * link back to a folder above ends there and is told. Nothing that is met vanishes in silence: it
 * becomes a file or a problem, and the walk goes on.
 */
import { accessSync, constants, lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { type Problem, reasonOf } from './text.ts';

export interface FoundFiles {
  /** Paths, each once, in the order of the walk. */
  files: string[];
  problems: Problem[];
  /** Paths that were named and gave nothing because they cannot be used. */
  badPaths: number;
}

const sources = /\.([cm]?[jt]s|[jt]sx|md|json)$/i;
const generated = new Set(['dist', 'build']);

/** Files of the paths, or, without paths, the sources below the current folder. */
export function findFiles(paths: string[]): FoundFiles {
  const walk = new Walk(paths.length === 0);
  let badPaths = 0;
  for (const path of paths.length === 0 ? ['.'] : paths) {
    const before = walk.problems.length;
    walk.visitNamed(normalize(path));
    if (walk.problems[before]?.path === normalize(path)) badPaths++;
  }
  return { files: [...walk.files], problems: walk.problems, badPaths };
}

class Walk {
  readonly files: Set<string> = new Set();
  readonly problems: Problem[] = [];
  readonly #onlySources: boolean;
  /** Real paths of the folders entered so far, and of those that the walk is in. */
  readonly #entered = new Set<string>();
  readonly #trail = new Set<string>();

  constructor(onlySources: boolean) {
    this.#onlySources = onlySources;
  }

  visitNamed(path: string): void {
    try {
      accessSync(path, constants.R_OK);
    } catch (error) {
      this.#tell('unreadable', path, explain(path, error));
      return;
    }
    this.#visit(path);
  }

  #visit(path: string): void {
    try {
      const stat = statSync(path);
      if (stat.isDirectory()) this.#enter(path);
      else if (stat.isFile()) this.#add(path);
      else this.#tell('skipped', path, 'neither a file nor a folder');
    } catch (error) {
      this.#tell('unreadable', path, explain(path, error));
    }
  }

  #add(path: string): void {
    if (!this.#onlySources || sources.test(path)) this.files.add(path);
  }

  #enter(path: string): void {
    const real = realpathSync(path);
    if (this.#trail.has(real)) {
      this.#tell('skipped', path, `a symbolic link back to ${real}, a folder above it`);
    }
    if (this.#entered.has(real)) return;
    this.#entered.add(real);
    this.#trail.add(real);
    try {
      this.#list(path);
    } finally {
      this.#trail.delete(real);
    }
  }

  #list(path: string): void {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const inner = join(path, entry.name);
      if (this.#isLeftOut(path, entry.name)) continue;
      if (entry.isFile()) this.#add(inner);
      else this.#visit(inner);
    }
  }

  #isLeftOut(folder: string, name: string): boolean {
    return this.#onlySources && (name === '.git' || (folder === '.' && generated.has(name)));
  }

  #tell(kind: Problem['kind'], path: string, detail: string): void {
    this.problems.push({ kind, path, detail });
  }
}

function explain(path: string, error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ELOOP') return 'a symbolic link that leads back to itself';
  if (code === 'ENOENT' && isLink(path)) return 'a symbolic link to something that is not there';
  if (code === 'ENOENT') return 'there is no such file or folder';
  return `cannot be read (${reasonOf(error)})`;
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}
