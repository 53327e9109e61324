/**
 * Declarations that the package's entries lead to, name by name: all others are the library's own.
 *
 * A file of declarations, as the compiler writes it, is a row of *pieces*, each of which begins at
 * the start of a line: a declaration with its comment, or a list of names from another file. A
 * declaration is needed if an entry exports it, or if its name is a word in one that is needed; of
 * a list the names are that are. So some stay that need not, and none goes that is needed.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Piece {
  text: string;
  /** All that stands in it, but for comments. */
  words: Set<string>;
  /** What it declares; undefined for lists. */
  name: string | undefined;
  /** Of a list: where its names come from, and what each is called there; `*`: all of it. */
  from: string | undefined;
  names: Map<string, string>;
  /** Of those the ones that are needed. */
  needed: Set<string>;
}

const beginning = /\n(?=\/\*\*|(?:export|declare|import|interface|type|class|const|function)\b)/;
const declaration =
  /^(?:export )?(?:declare )?(?:abstract )?(?:const|function|class|interface|type|enum) (\w+)/;
const list = /^(?:import|export) (?:type )?(\{[^}]*\}|\* as \w+)(?: from '([^']*)')?;/;

function piecesOf(text: string): Piece[] {
  const parts: string[] = [];
  for (const part of text.trimEnd().split(beginning)) {
    // A comment belongs to what it stands before.
    if (parts.at(-1)?.endsWith('*/')) parts.push(`${parts.pop()}\n${part}`);
    else parts.push(part);
  }
  return parts.map(pieceOf);
}

function pieceOf(text: string): Piece {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').trim();
  const [, listed, from] = list.exec(code) ?? [];
  const names = new Map<string, string>();
  for (const one of listed?.replace(/[{}]|\btype /g, '').split(',') ?? []) {
    const [name = '', as = name] = one.trim().split(' as ');
    if (name !== '') names.set(as, name);
  }
  const name = listed === undefined ? declaration.exec(code)?.[1] : undefined;
  return { text, words: new Set(code.match(/[\w$]+/g)), name, from, names, needed: new Set() };
}

class Declarations {
  readonly #dist: string;
  readonly #files = new Map<string, Piece[]>();

  constructor(dist: string) {
    this.#dist = dist;
  }

  piecesOf(file: string): Piece[] {
    const known = this.#files.get(file) ?? piecesOf(readFileSync(join(this.#dist, file), 'utf8'));
    this.#files.set(file, known);
    return known;
  }

  /** A name in a file is needed. @param user  the text that names it */
  need(file: string, name: string, user = ''): void {
    for (const piece of this.piecesOf(file)) {
      if (piece.needed.has(name) && piece.names.get(name) !== '*') continue;
      if (piece.name === name) {
        piece.needed.add(name);
        for (const word of piece.words) this.need(file, word, piece.text);
      } else if (piece.names.has(name)) {
        piece.needed.add(name);
        this.#follow(file, piece, name, user);
      }
    }
  }

  #follow(file: string, { from, names }: Piece, as: string, user: string): void {
    const name = names.get(as)!;
    if (from === undefined) this.need(file, name);
    if (!from?.startsWith('.')) return;
    const target = join(dirname(file), from.replace(/\.ts$/, '.d.ts'));
    const members = user.matchAll(new RegExp(`\\b${as}\\.(\\w+)`, 'g'));
    const wanted = name === '*' ? Array.from(members, ([, member]) => member!) : [name];
    for (const one of wanted) this.need(target, one);
  }

  /** The files' texts, without what is not needed. */
  texts(): Map<string, string> {
    const texts = new Map<string, string>();
    for (const [file, pieces] of this.#files) {
      const kept = pieces.filter(({ needed }) => needed.size > 0).map(textOf);
      if (kept.length > 0) texts.set(file, `${kept.join('\n')}\n`);
    }
    return texts;
  }
}

/** A list without the names that are not needed. */
function textOf({ text, names, needed }: Piece): string {
  if (names.size === 0) return text;
  return text.replace(/\{([^{}]*)\}(?=[^{}]*$)/, (_, listed: string) => {
    const wanted = listed.split(',').filter((one) => needed.has(/\w*(?=\s*$)/.exec(one)![0]));
    return `{ ${wanted.map((one) => one.trim()).join(', ')} }`;
  });
}

/** What the entries (paths in dist/, without extension) lead to: texts by path in dist/. */
export function neededDeclarations(dist: string, entries: readonly string[]): Map<string, string> {
  const declarations = new Declarations(dist);
  for (const entry of entries) {
    const file = `${entry}.d.ts`;
    for (const { name, names, text } of declarations.piecesOf(file)) {
      if (!/^export\b/m.test(text)) continue;
      for (const one of name === undefined ? names.keys() : [name]) declarations.need(file, one);
    }
  }
  return declarations.texts();
}
