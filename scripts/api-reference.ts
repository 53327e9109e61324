/**
 * docs/api.md, made from the doc comments: every export of every entry of the package, with its
 * signature, in the order in which the entry's file exports it.
 *
 * Read from the declarations that tsc writes, whose shape is always the same: a declaration begins
 * a line, its doc comment stands above it, and its members are indented by four.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Entry {
  /** As it is imported. */
  name: string;
  /** Declarations, in dist/cjs/: those of dist/ pass them on. */
  file: string;
}

/** What package.json exports. */
function entriesOf(manifest: { exports: Record<string, unknown> }): Entry[] {
  return Object.entries(manifest.exports).flatMap(([name, one]) => {
    const types = (one as { require?: { types: string } }).require?.types;
    return types ? [{ name: `pageless${name.slice(1)}`, file: types.replace('./dist/', '') }] : [];
  });
}

/** The text of docs/api.md. */
export function apiReference(dist: string): string {
  const manifest = JSON.parse(readFileSync(join(dist, '../package.json'), 'utf8'));
  const known = new Set<string>();
  const sections = entriesOf(manifest).map(({ name, file }) => {
    // What an entry passes on of another's is described there.
    const news = exportsOf(dist, file).filter((one) => !known.has(one.name));
    for (const one of news) known.add(one.name);
    return [`## ${name}`, ...news.map(described)].join('\n\n');
  });
  const head = `# API reference

Made from the doc comments by \`npm run docs\`. The README tells what to use when; docs/ERRORS.md lists
the errors. Where a method says nothing of errors, misuse throws \`InvalidArgumentError\`, and use after
\`close()\` \`DisposedError\`.`;
  return `${[head, ...sections].join('\n\n')}\n`;
}

interface Export {
  name: string;
  text: string;
  /** The header of its file, for a class that is what its file is about. */
  header: string;
}

/** What a file exports: what it declares, and what it takes from others. */
function exportsOf(dist: string, file: string): Export[] {
  const text = readFileSync(join(dist, file), 'utf8');
  const taken = [...text.matchAll(/^export (?:type )?\{([^}]*)\}(?: from '([^']*)\.ts')?;$/gm)];
  const passedOn = taken.flatMap(([, names = '', path]) => {
    const from = path === undefined ? file : join(dirname(file), `${path}.d.ts`);
    const source = declaredIn(dist, from);
    return names
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter(Boolean)
      .map((name) => source(name));
  });
  return [...declared(text), ...passedOn];
}

/** Finds a name in a file, or in the file that it passes it on from. */
function declaredIn(dist: string, file: string): (name: string) => Export {
  const text = readFileSync(join(dist, file), 'utf8');
  const own = declared(text);
  return (name) => {
    const found = own.find((one) => one.name === name);
    const alias = / = (\w+)<\w+>;$/.exec(found?.text ?? '')?.[1];
    const meant = new RegExp(`\\b(\\w+) as ${alias}\\b[^;]* from '([^']*)\\.ts';`).exec(text);
    // A class that is exported with a constructor of another type: what it is, is told.
    if (meant) return declaredIn(dist, join(dirname(file), `${meant[2]}.d.ts`))(meant[1]!);
    if (found) return found;
    const passed = new RegExp(
      `^(?:import|export) [^;]*\\b${name}\\b[^;]* from '([^']*)\\.ts';`,
      'm',
    );
    const from = passed.exec(text)?.[1];
    if (from === undefined) throw new Error(`${file} exports ${name}, which is nowhere`);
    return declaredIn(dist, join(dirname(file), `${from}.d.ts`))(name);
  };
}

const declaration =
  /(?:^\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?^export (?:declare )?(?:abstract )?(?:class|interface|type|function|const) (\w+)(?:[^\n]*\{$[\s\S]*?^\}(?: [|&] \{$[\s\S]*?^\})*[^\n]*$|[^\n]*;$|[\s\S]*?;$)/gm;

function declared(text: string): Export[] {
  const header = /^\/\*\*[\s\S]*?\*\//.exec(text)?.[0] ?? '';
  return [...text.matchAll(declaration)].map((match) => {
    const own = match[0];
    // The first comment of a file is the file's, not that of what follows it.
    return { name: match[1]!, text: own, header };
  });
}

const comment = /^( *)\/\*\*([\s\S]*?)\*\/\n/;

function described({ name, text, header }: Export): string {
  const doc = comment.exec(text);
  const code = doc ? text.slice(doc[0].length) : text;
  // The first declaration of a file stands below the file's header, which may be about another.
  const subject = text.startsWith(header) ? /^\/\*\*\s+\* (\w+): /.exec(header)?.[1] : undefined;
  const own = doc && (subject ?? name) === name ? plain(doc[2]!) : '';
  const about = own || (header.includes(` ${name}:`) ? plain(header.slice(3, -2)) : '');
  const kind = /(class|interface|type|function|const) /.exec(code)?.[1] ?? '';
  const isLong = kind === 'class' || kind === 'interface';
  const body = isLong ? members(code) : fenced(code);
  return [`### ${name}`, about, isLong ? fenced(headOf(code)) : '', body]
    .filter(Boolean)
    .join('\n\n');
}

function fenced(code: string): string {
  return `\`\`\`typescript\n${code.replace(/^export (declare )?/, '').trim()}\n\`\`\``;
}

/** `class SharedCache<T = Uint8Array> implements Disposable` */
function headOf(code: string): string {
  return code.slice(0, code.indexOf('{')).trim();
}

const member =
  /((?: {4}\/\*\*[\s\S]*?\*\/\n)?) {4}((?!#private|private |\/\*|\*)\S(?:[^\n]*\{\n[\s\S]*?\n {4}\}[^\n]*;|[^\n]*;|[\s\S]*?;))\n/g;

/** Members as a list: signature, and what its comment says. */
function members(code: string): string {
  const body = code.slice(code.indexOf('{') + 1, code.lastIndexOf('}')).replace(/^\n/, '');
  const rows = [...body.matchAll(member)].map(([, doc = '', signature = '']) => {
    const about = comment.exec(doc)?.[2];
    const line = `- \`${signature.replace(/\s+/g, ' ').replace(/;$/, '')}\``;
    return about === undefined ? line : `${line}  \n  ${plain(about).replaceAll('\n', '\n  ')}`;
  });
  return rows.join('\n');
}

/** A comment's text, without stars. */
function plain(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
    .join('\n')
    .replace(/@throws \{(\w+)\}/g, 'Throws `$1`')
    .replace(/@returns/g, 'Returns')
    .replace(/@param (\w+)/g, '`$1`:')
    .trim();
}
