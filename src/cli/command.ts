/**
 * Commands as data: what one takes, its help, and how its arguments are read.
 *
 * `node:util`'s parseArgs does the reading; here stand the words around it: an option has a name, a
 * hint for its value and a `read` that converts the text or throws; misuse is a `UsageError` that
 * says what is wrong with what. Help is made of the same data, so it cannot tell otherwise.
 */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { UsageError } from './options.ts';

export interface OptionSpec {
  /** `<size>`, as help shows it; without, the option is a flag. */
  hint?: string;
  help: string;
  /** The text as a value; throws `UsageError` with what it must be. */
  read?(text: string): unknown;
  /** Its value when it is left out, and how help writes that. */
  byDefault?: { value: unknown; text?: string };
}

export interface CommandSpec {
  name: string;
  help: string;
  /** `[path...]`, `<file>`: as help shows them; how many there may be. */
  takes?: { hint: string; help: string; least: number; most: number };
  options: Record<string, OptionSpec>;
  /** @returns the exit status */
  run(positionals: string[], options: never): number | Promise<number>;
}

export interface Parsed {
  positionals: string[];
  /** By the options' names in camel case. */
  options: Record<string, unknown>;
  wantsHelp: boolean;
}

const helpFlag: OptionSpec = { help: 'show this help' };

/** Reads a command's arguments. Throws `UsageError`. */
export function parse(command: CommandSpec, args: string[]): Parsed {
  const { values, positionals } = readArguments(command, args);
  const options: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(command.options)) {
    const text = values[name];
    const value = text === undefined ? spec.byDefault?.value : readOption(name, spec, text);
    if (value !== undefined) options[camelCase(name)] = value;
  }
  const wantsHelp = values.help === true;
  if (!wantsHelp) checkCount(command, positionals);
  return { positionals, options, wantsHelp };
}

type Values = Record<string, string | boolean | undefined>;

function readArguments(command: CommandSpec, args: string[]) {
  const options: NonNullable<ParseArgsConfig['options']> = {
    help: { type: 'boolean', short: 'h' },
  };
  for (const [name, { hint }] of Object.entries(command.options)) {
    options[name] = { type: hint === undefined ? 'boolean' : 'string' };
  }
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    return { values: values as Values, positionals };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(explain(error.message, Object.keys(options)));
  }
}

/**
 * What parseArgs says, without its advice on `--`, and with the option that may have been meant.
 */
function explain(message: string, names: string[]): string {
  const [sentence = message] = message.split(/\. |\n/);
  const [, unknown] = /Unknown option '--?([^']*)'/.exec(sentence) ?? [];
  const meant = names.find((name) => unknown !== undefined && isNear(name, unknown));
  return meant ? `${sentence}; did you mean --${meant}?` : sentence.replace(/\.$/, '');
}

/** Whether one letter more, less or other makes one of the other, or one begins the other. */
function isNear(a: string, b: string): boolean {
  if (b.length > 2 && a.startsWith(b)) return true;
  let from = 0;
  while (from < a.length && a[from] === b[from]) from++;
  const [restA, restB] = [a.slice(from), b.slice(from)];
  return [restA.slice(1), restA].some((one) => one === restB || one === restB.slice(1));
}

function readOption(name: string, { hint, read }: OptionSpec, text: string | boolean): unknown {
  if (typeof text === 'boolean' || !read) return text;
  try {
    return read(text);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`--${name} ${hint} cannot be '${text}': ${error.message}`);
  }
}

function checkCount({ name, takes }: CommandSpec, { length }: string[]): void {
  const { hint, least, most } = takes ?? { hint: 'no argument', least: 0, most: 0 };
  if (length >= least && length <= most) return;
  throw new UsageError(`${name} takes ${hint}, and ${length} were given`);
}

function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

const WIDTH = 80;

/** The help of one command. */
export function helpOf({ name, help, takes, options }: CommandSpec): string {
  const rows = Object.entries({ ...options, help: helpFlag }).map(([option, spec]) => {
    const label = option === 'help' ? '-h, --help' : `--${[option, spec.hint].join(' ').trim()}`;
    return [label, `${spec.help}${byDefaultText(spec)}`] as const;
  });
  const usage = ['Usage: pageless', name, '[options]', takes?.hint].join(' ').trim();
  const positional = takes ? ['', ...columns([[takes.hint, takes.help]])] : [];
  return [usage, '', ...wrap(help, WIDTH), ...positional, '', ...columns(rows)].join('\n');
}

function byDefaultText({ byDefault }: OptionSpec): string {
  return byDefault ? ` (default: ${byDefault.text ?? byDefault.value})` : '';
}

/** The help of them all. */
export function helpOfAll(commands: readonly CommandSpec[], about: string): string {
  const rows = commands.map(({ name, help }) => [name, help] as const);
  const flags = [
    ['-h, --help', 'show this help, or that of a command'],
    ['-V, --version', 'print the version'],
  ] as const;
  const usage = 'Usage: pageless COMMAND [options]';
  return [usage, '', about, '', ...columns(rows), '', ...columns(flags)].join('\n');
}

/** Two columns, the second one wrapped. */
function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([label]) => label.length)) + 4;
  return rows.flatMap(([label, text]) => {
    return wrap(text, WIDTH - width).map((line, index) => {
      return `${(index === 0 ? `  ${label}` : '').padEnd(width)}${line}`;
    });
  });
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1)!;
    if (last !== '' && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}
