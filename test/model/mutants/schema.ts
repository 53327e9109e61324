/**
 * Many mutants in one kernel, of which the host chooses one: so one compilation serves them all.
 *
 * A mutant is a copy of each function that it changes. The function itself begins by asking whether
 * a copy takes its place:
 *
 *   export function pin(pfn: Pfn): Desc {
 *     if (mutant != 0) {
 *       if (mutant < 0) reached(3);              a survey: which functions a scenario enters
 *       if (mutant == 12) return pin_12(pfn);
 *     }
 *     …
 *
 * `mutant` is an imported constant, given to each instance: 0 is the kernel as it ships. `reached`
 * is told the *place*, a number for each function that has a copy. The compiler does not inline
 * what asks, and a copy is a function of its own; holders.ts says where the memory rules, which
 * name functions after inlining, take them to be.
 *
 * What does not fit is compiled alone (hunt.ts): a mutant that changes a signature, or what stands
 * between functions.
 */
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { type Instrumented, instrument, type Scenario } from '../engine/index.ts';
import type { Mutated } from './apply.ts';
import { compileWith, type Files } from './compile.ts';
import { holdersOf, placed } from './holders.ts';
import { kernelSources } from './sources.ts';

const shipped = new URL('../../../build/kernel/release.wasm', import.meta.url);

/** The survey's choice: no mutant, but `reached` is told. */
export const SURVEY = -1;

/** What an instance imports that is to be one of the mutants, or 0 for the kernel without. */
export function choice(
  number: number,
  reached: (place: number) => unknown = () => {},
): NonNullable<Scenario['imports']> {
  return () => ({ mutant: { mutant: number, reached } });
}

/** A mutant's number, from 1, and what it changes: functions by place and by full name. */
export interface Member {
  number: number;
  places: number[];
  functions: string[];
}

export interface Schema<M extends Mutated> {
  /** The kernel's files in which mutants stand, and one more. */
  files: Files;
  members: Map<M, Member>;
}

interface Func {
  name: string;
  /** Up to the brace. */
  signature: string;
  text: string;
}

interface Parsed {
  functions: Map<string, Func>;
  /** What stands between them. */
  rest: string;
}

const FUNCTION = /^((?:export )?function (\w+)\([^)]*\)(?:: [^{\n]+)? \{\n)[\s\S]*?^\}\n/gm;

function parse(source: string): Parsed {
  const functions = new Map<string, Func>();
  const rest = source.replace(FUNCTION, (text, signature: string, name: string) => {
    functions.set(name, { name, signature, text });
    return '';
  });
  return { functions, rest: rest.trim() };
}

/** The functions that a mutant changes, as it has them; and those that it adds. */
interface Difference {
  changed: Func[];
  added: Func[];
}

/** Undefined if they differ in more than bodies. */
function difference(original: Parsed, mutant: Parsed): Difference | undefined {
  const all = [...mutant.functions.values()];
  const before = ({ name }: Func): Func | undefined => original.functions.get(name);
  const added = all.filter((one) => before(one) === undefined);
  const changed = all.filter((one) => before(one) !== undefined && before(one)!.text !== one.text);
  const isSame = changed.every((one) => before(one)!.signature === one.signature);
  const isWhole = all.length - added.length === original.functions.size;
  return isSame && isWhole && original.rest === mutant.rest ? { changed, added } : undefined;
}

/** What a mutant makes of a file: the functions that it changes and adds, or else all. */
export function changedText(original: string, mutant: string): string {
  const { changed = [], added = [] } = difference(parse(original), parse(mutant)) ?? {};
  const texts = [...changed, ...added].map(({ text }) => text);
  return texts.length > 0 ? texts.join('') : mutant;
}

/** `return f_12(a, b);` */
function handOver({ name, signature }: Func, number: number): string {
  const [, list = '', type] = /\(([^)]*)\)(?:: (.+))? \{/.exec(signature)!;
  const args = list.split(',').map((one) => one.split(':')[0]!.trim());
  const call = `${name}_${number}(${args.filter((one) => one !== '').join(', ')})`;
  return type === undefined || type === 'void' ? `{ ${call}; return; }` : `return ${call};`;
}

function copyOf({ name, text }: Func, number: number): string {
  return text.replace(/^export /, '').replace(`function ${name}(`, `function ${name}_${number}(`);
}

/** One file with all its mutants. */
class SchemaFile {
  readonly #file: string;
  readonly #source: string;
  readonly #original: Parsed;
  /** Lines at the beginning of a function, by its name. */
  readonly #heads = new Map<string, { place: number; lines: string[] }>();
  readonly #added = new Map<string, string>();
  readonly #nextPlace: () => number;

  constructor(file: string, source: string, nextPlace: () => number) {
    this.#file = file;
    this.#source = source;
    this.#original = parse(source);
    this.#nextPlace = nextPlace;
  }

  /** Undefined, and nothing is added, if it does not fit. */
  add(mutant: Mutated, number: number): Member | undefined {
    const found = difference(this.#original, parse(mutant.source));
    if (found === undefined) return undefined;
    for (const { name, text } of found.added) this.#added.set(name, text);
    const places = found.changed.map((changed) => {
      this.#added.set(`${changed.name}_${number}`, copyOf(changed, number));
      const head = this.#headOf(changed.name);
      head.lines.push(`    if (mutant == ${number}) ${handOver(changed, number)}`);
      return head.place;
    });
    const folder = `kernel/${this.#file.slice(0, -3)}`;
    return { number, places, functions: found.changed.map(({ name }) => `${folder}/${name}`) };
  }

  #headOf(name: string): { place: number; lines: string[] } {
    const head = this.#heads.get(name) ?? { place: this.#nextPlace(), lines: [] };
    this.#heads.set(name, head);
    return head;
  }

  /** Without `@inline`: what asks which mutant it is would be compiled into all its callers. */
  text(): string {
    let source = this.#source.replaceAll('@inline', '');
    for (const [name, { place, lines }] of this.#heads) {
      const { signature } = this.#original.functions.get(name)!;
      const head = ['  if (mutant != 0) {', `    if (mutant < 0) reached(${place});`, ...lines];
      source = source.replace(signature, () => `${signature}${head.join('\n')}\n  }\n`);
    }
    const from = posix.relative(posix.dirname(this.#file), 'base/mutant');
    const path = from.startsWith('.') ? from : `./${from}`;
    const imports = `import { mutant, reached } from '${path}';\n`;
    return `${imports}${source}\n${[...this.#added.values()].join('\n')}`;
  }
}

const CHOICE = `
@external('mutant', 'mutant')
export declare const mutant: i32;
@external('mutant', 'reached')
export declare function reached(place: i32): void;
`;

/** Puts all that fit into one kernel. */
export function schemaOf<M extends Mutated>(
  mutants: readonly M[],
  sources: Files = kernelSources(),
): Schema<M> {
  const files = new Map<string, SchemaFile>();
  const members: Schema<M>['members'] = new Map();
  let places = 0;
  for (const mutant of mutants) {
    const { file } = mutant;
    const target = files.get(file) ?? new SchemaFile(file, sources.get(file)!, () => ++places);
    files.set(file, target);
    const member = target.add(mutant, members.size + 1);
    if (member !== undefined) members.set(mutant, member);
  }
  const texts = [...files].map(([file, target]): [string, string] => [file, target.text()]);
  return { files: new Map([...texts, ['base/mutant.ts', CHOICE]]), members };
}

/** Its kernel, with all exports; what ships is as `npm run build` left it. */
export async function compileSchema(
  { files }: Schema<Mutated>,
  build: 'test' | 'debug',
): Promise<Instrumented> {
  const binary = await compileWith(build, files);
  const kernel = instrument(binary);
  return { ...kernel, sites: placed(kernel.sites, holdersOf(binary, readFileSync(shipped))) };
}
