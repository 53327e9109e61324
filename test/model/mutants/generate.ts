/**
 * Mutants generated from the kernel's source: every line that a protocol may need, taken away.
 *
 * Five kinds, each a change of one expression, or the exchange of two lines:
 *
 *   recheck  a comparison of what is loaded now with what was seen before holds always
 *   torn     a compare-and-swap, swap or add becomes an atomic load and an atomic store
 *   plain    an atomic load or store becomes a plain one: for the race detector
 *   swap     two stores that stand one after the other change places
 *   drop     a lock, wake-up, mark, section, or deferral is left out
 *
 * A name is `file:line:kind`, and what the change begins at where a line has several. The
 * *identity* survives a shift of lines and a move: function, kind and the text that is changed;
 * excuses.ts lists by it. The parse is a light one: comments are blanked, calls are balanced
 * parentheses.
 */
import { kernelSources } from './sources.ts';

export const kinds = ['recheck', 'torn', 'plain', 'swap', 'drop'] as const;
export type Kind = (typeof kinds)[number];

export interface Generated {
  name: string;
  /** `function: kind text`, and `#2` for the second of these. */
  identity: string;
  kind: Kind;
  /** Below kernel/. */
  file: string;
  /** The whole file with the change. */
  source: string;
  change: Change;
}

export interface Change {
  kind: Kind;
  /** In the file's text, and behind it. */
  start: number;
  end: number;
  text: string;
  replacement: string;
  /** What the replacement needs at the end of the file. */
  helper?: string;
}

/** Whose loads are compared with what was seen before. */
const LOADS = ['loadWord', 'loadCell', 'pageWord', 'slotState', 'faultCode'];
const EXCHANGES = ['casWord', 'casCell'];
/** Rechecks that are functions. */
const TESTS = ['hasShape', 'isQuiescent'];
const DROPPED = [
  ...['lock', 'unlock', 'lockDesc', 'unlockDesc', 'wakeWord', 'enterSection', 'renewSection'],
  ...[
    'leaveSection',
    'beginDefer',
    'deferEntry',
    'deferSlab',
    'beginDeferZspage',
    'trapIfPoisoned',
  ],
  ...['endStopOf'],
];

/** Each with the same arguments and result, as a plain access. */
const PLAIN: Record<string, string> = {
  loadWord: 'function plain_loadWord(at: usize): u32 {\n  return i32.load(at);\n}',
  loadCell: 'function plain_loadCell(at: usize): u64 {\n  return i64.load(at);\n}',
  storeWord: 'function plain_storeWord(at: usize, value: u32): void {\n  i32.store(at, value);\n}',
  storeCell: 'function plain_storeCell(at: usize, value: u64): void {\n  i64.store(at, value);\n}',
};

/** The same in two steps. */
const TORN: Record<string, string> = {
  casWord: tornCas('Word', 'u32'),
  casCell: tornCas('Cell', 'u64'),
  swapWord: tornUpdate('swapWord', 'u32', 'value'),
  addWord: tornUpdate('addWord', 'u32', 'found + value'),
  orWord: tornUpdate('orWord', 'u32', 'found | value'),
  andWord: tornUpdate('andWord', 'u32', 'found & value'),
  addCell: tornUpdate('addCell', 'u64', 'found + value'),
};

function tornCas(name: string, type: string): string {
  return `function torn_cas${name}(at: usize, expected: ${type}, desired: ${type}): ${type} {
  const found = atomic.load<${type}>(at);
  if (found == expected) atomic.store<${type}>(at, desired);
  return found;
}`;
}

function tornUpdate(name: string, type: string, next: string): string {
  return `function torn_${name}(at: usize, value: ${type}): ${type} {
  const found = atomic.load<${type}>(at);
  atomic.store<${type}>(at, ${next});
  return found;
}`;
}

function blankComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, (text) => text.replace(/[^\n]/g, ' '));
}

interface Call {
  callee: string;
  start: number;
  /** Behind the closing parenthesis. */
  end: number;
}

function callsOf(code: string, names: readonly string[]): Call[] {
  const begin = new RegExp(`(?<!function |[.\\w])(${names.join('|')})\\(`, 'g');
  return [...code.matchAll(begin)].map(({ 0: text, 1: callee, index }) => {
    const end = endOfGroup(code, index + text.length);
    return { callee: callee!, start: index, end };
  });
}

/** The position behind the parenthesis that closes the group around `from`. */
function endOfGroup(code: string, from: number): number {
  let at = from;
  for (let depth = 1; depth > 0; at++) {
    if (code[at] === '(') depth++;
    if (code[at] === ')') depth--;
  }
  return at;
}

/** The position at which an operand that begins at `from` ends. */
function endOfOperand(code: string, from: number): number {
  let at = from;
  while (!/^(\)|;|,|\s(&&|\|\||\?)\s)/.test(code.slice(at, at + 4))) {
    at = code[at] === '(' ? endOfGroup(code, at + 1) : at + 1;
  }
  return at;
}

/** A comparison that stands at `start`, whose left side ends at `end`, comes out as "unchanged". */
function decided(code: string, { callee, start, end }: Call): Change[] {
  const [, operator] = /^ (==|!=) /.exec(code.slice(end, end + 4)) ?? [];
  if (operator === undefined) return [];
  const until = endOfOperand(code, end + 4);
  const text = code.slice(start, until);
  const answer = operator === '==';
  const isNeeded = EXCHANGES.includes(callee);
  const replacement = isNeeded ? `(${text} ${answer ? '|| true' : '&& false'})` : String(answer);
  return [{ kind: 'recheck', start, end: until, text, replacement }];
}

function rechecks(code: string): Change[] {
  const compared = callsOf(code, [...LOADS, ...EXCHANGES]).flatMap((call) => decided(code, call));
  const tested = callsOf(code, TESTS).map(({ start, end }): Change => {
    return { kind: 'recheck', start, end, text: code.slice(start, end), replacement: 'true' };
  });
  // What a compare-and-swap found, in the loops that begin again with it.
  const retried = [...code.matchAll(/\bfound == seen\b/g)].map(({ 0: text, index }): Change => {
    return { kind: 'recheck', start: index, end: index + text.length, text, replacement: 'true' };
  });
  return [...compared, ...tested, ...retried];
}

/** Calls of a helper instead, each named after its kind and what it stands for. */
function replaced(code: string, kind: Kind, helpers: Record<string, string>): Change[] {
  return callsOf(code, Object.keys(helpers)).map(({ callee, start, end }) => ({
    kind,
    start,
    end: start + callee.length,
    text: code.slice(start, end),
    replacement: `${kind}_${callee}`,
    helper: helpers[callee]!,
  }));
}

/** A call that is a statement: behind another one, a brace, a condition or `else`. */
const STATEMENT = /([;{})]|\belse)\s*$/;

function drops(code: string): Change[] {
  return callsOf(code, DROPPED)
    .filter(({ start, end }) => code[end] === ';' && STATEMENT.test(code.slice(0, start)))
    .map(({ start, end }) => {
      const text = code.slice(start, end);
      return { kind: 'drop', start, end: end + 1, text, replacement: '{}' };
    });
}

const STORE = /^ +(storeWord|storeCell|pokeWord|pokeCell|storePageWord|fillPageWords|publish)\(/;
const SET_COUNT = /^ +setCount\(/;
const FIELD = /^ +[\w.()]+\.\w+( [-+|]?= .*|\+\+|--);$/;

function swaps(code: string): Change[] {
  const lines = [...code.matchAll(/^.*\S.*$/gm)].map(({ 0: text, index }) => ({ text, index }));
  return lines.flatMap((first, i): Change[] => {
    const second = lines[i + 1];
    if (second === undefined) return [];
    const [a, b] = [first.text, second.text];
    const isStore = (text: string): boolean => STORE.test(text) || SET_COUNT.test(text);
    const isEither = (text: string): boolean => isStore(text) || FIELD.test(text);
    const isSameDepth = a.search(/\S/) === b.search(/\S/);
    if (!isSameDepth || !a.endsWith(';') || !b.endsWith(';')) return [];
    if (!isEither(a) || !isEither(b) || !(isStore(a) || isStore(b))) return [];
    const [start, end] = [first.index, second.index + b.length];
    const text = `${a.trim()} ${b.trim()}`;
    return [{ kind: 'swap', start, end, text, replacement: `${b}\n${a}` }];
  });
}

/** The function that stands around a position. */
function functionAt(code: string, position: number): string {
  const names = [...code.slice(0, position).matchAll(/^(?:export )?function (\w+)/gm)];
  return names.at(-1)?.[1] ?? '';
}

function toMutant(file: string, source: string, code: string, change: Change): Generated {
  const { kind, start, end, text, replacement, helper } = change;
  const line = code.slice(0, start).split('\n').length;
  const mutated = source.slice(0, start) + replacement + source.slice(end);
  return {
    name: `${file}:${line}:${kind} ${text}`,
    identity: `${functionAt(code, start)}: ${kind} ${text}`,
    kind,
    file,
    source: helper === undefined ? mutated : `${mutated}\n${helper}\n`,
    change,
  };
}

/** Only looked at by tests and people, without a shared word, the words, or not in what ships. */
const EXCLUDED =
  /^(codec\/|lab\/|exports\/(statistics|observe)|testing|flags|base\/words|thread\/context)|\/check\.ts$/;

/** All mutants of one file's text. Functions that check a stopped world are left out. */
export function mutantsOf(file: string, source: string): Generated[] {
  const code = blankComments(source);
  const changes = [
    ...rechecks(code),
    ...replaced(code, 'torn', TORN),
    ...replaced(code, 'plain', PLAIN),
    ...swaps(code),
    ...drops(code),
  ];
  return changes
    .sort((a, b) => a.start - b.start)
    .filter(({ start }) => !/^(check|isZspageSound)/.test(functionAt(code, start)))
    .map((change) => toMutant(file, source, code, change));
}

/** Adds `#2`, `#3` to identities that have been there before. */
function numbered(): (mutant: Generated) => Generated {
  const seen = new Map<string, number>();
  return (mutant) => {
    const count = (seen.get(mutant.identity) ?? 0) + 1;
    seen.set(mutant.identity, count);
    return count === 1 ? mutant : { ...mutant, identity: `${mutant.identity} #${count}` };
  };
}

/** All mutants of the kernel, in the order of files and lines. */
export function generateMutants(): Generated[] {
  return [...kernelSources()]
    .filter(([file]) => !EXCLUDED.test(file))
    .flatMap(([file, source]) => mutantsOf(file, source))
    .map(numbered());
}
