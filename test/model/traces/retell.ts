/**
 * Retells a trace of the checker for people who want to know why, not where.
 *
 * Kept are calls and what they return, waits and deaths, and what happens to page words, to the
 * headers of descriptors, and to the words that were asked for. Everything else, which is nine
 * lines of ten, is how the floors below do their work. Descriptors get names, page words and counts
 * are read.
 */
import * as facts from '../../../src/generated/facts.ts';

const HEADER_FIELDS = ['flags', 'refs', 'pfn', 'link'];
const kinds: Record<number, string> = {
  [facts.TYPE_SLAB]: 'slab',
  [facts.TYPE_ANON_FOLIO]: 'folio',
  [facts.TYPE_ZSPAGE]: 'zspage',
  [facts.FIRST_USER_TYPE]: 'descriptor',
};

interface Line {
  step: string;
  thread: string;
  what: string;
  place: string;
  value: string;
  where: string;
}

function parse(text: string): Line {
  const step = text.slice(0, 4).trim();
  const [thread = '', what = '', place = '', value = '', where = ''] = text
    .slice(4)
    .trim()
    .split(/\s{2,}/);
  return { step, thread: nameOfThread(thread), what, place, value, where };
}

/** t0 is A, t1 is B, whoever recovers is R. */
function nameOfThread(name: string): string {
  if (name.startsWith('recovery')) return 'R';
  return name.replace(/^t(\d)$/, (_, index) => String.fromCharCode(65 + Number(index)));
}

/** Descriptors that page words name in the trace, by address. */
function descriptorsIn(lines: Line[]): Map<number, string> {
  const found = new Map<number, string>();
  for (const { place, value } of lines) {
    if (!place.startsWith('pageWord')) continue;
    for (const word of value.split(' -> ').map(Number)) {
      const kind = kinds[word & facts.TYPE_MASK];
      const desc = (word & ~facts.TYPE_MASK) >>> 0;
      if (kind === undefined || found.has(desc)) continue;
      const others = [...found.values()].filter((name) => name.startsWith(kind)).length;
      found.set(desc, others === 0 || kind === 'slab' ? kind : `${kind}${others + 1}`);
    }
  }
  return found;
}

class Reader {
  readonly #names: Map<number, string>;
  readonly #words: RegExp | undefined;

  constructor(lines: Line[], words: RegExp | undefined) {
    this.#names = descriptorsIn(lines);
    this.#words = words;
  }

  /** The line for people, or undefined when it says nothing about what matters. */
  read(line: Line): string | undefined {
    const { step, thread, what, value, where } = line;
    if (what === 'is done') return undefined;
    if (where === '') return layOut('', thread, readable([what, line.place, value].join(' ')));
    const place = this.#placeOf(line.place);
    if (place === undefined || this.#saysNothing(line)) return undefined;
    const operation = what.replace(/(32|64)/, '');
    return layOut(step, thread, operation, place, this.#valueOf(place, value), lastOf(where));
  }

  /**
   * What changes nothing, a thread's looks for itself, and floors that look for their own slabs.
   */
  #saysNothing({ step, what, place, value }: Line): boolean {
    const [before, after] = value.split(' -> ');
    if (!what.startsWith('load')) return before === after;
    return step === '.' || (place.startsWith('pageWord') && this.#readWord(+value) === 'slab');
  }

  #placeOf(place: string): string | undefined {
    const page = /^pageWord\[(\d+)\]$/.exec(place);
    if (page !== null) return `word of page ${page[1]}`;
    for (const [desc, name] of this.#names) {
      const offset = Number(place) - desc;
      if (!(offset >= 0 && offset < 16) || name === 'slab') continue;
      return `${name}.${HEADER_FIELDS[offset >> 2]}`;
    }
    return this.#words?.test(place) ? place : undefined;
  }

  #valueOf(place: string, value: string): string {
    const read = (text: string): string => {
      if (place.startsWith('word of page')) return this.#readWord(Number(text));
      return place.endsWith('.refs') ? readRefs(Number(text)) : text;
    };
    return value.split(' -> ').map(read).join(' → ');
  }

  #readWord(word: number): string {
    const name = this.#names.get((word & ~facts.TYPE_MASK) >>> 0);
    const type = word & facts.TYPE_MASK;
    if (name !== undefined && kinds[type] !== undefined) return name;
    if (type === facts.TYPE_MISC) return 'Misc';
    if (type === facts.TYPE_FREEING) return `Freeing(${word >>> 5})`;
    if (type === facts.TYPE_ISOLATED) return 'Isolated';
    return String(word);
  }
}

function readRefs(refs: number): string {
  const slot = (refs >>> 22) & 255;
  const pins = refs & facts.PIN_MASK;
  const parts = [
    (refs & facts.FROZEN) !== 0 ? `FROZEN(${slot})` : '',
    (refs & facts.UNPUBLISHED) !== 0 ? `UNPUBLISHED(${slot})` : '',
    (refs & facts.OWNED) !== 0 ? 'OWNED' : '',
    pins !== 0 ? String(pins) : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? '0' : parts.join('|');
}

function readable(text: string): string {
  return text.trim().replace(/\bt(\d)\b/, nameOfThread);
}

function lastOf(path: string): string {
  return path.split('/').at(-1) ?? path;
}

const WIDTHS = [4, 3, 14, 18, 24];

function layOut(...columns: string[]): string {
  return columns
    .map((cell, i) => (i === 0 ? cell.padStart(4) : cell.padEnd(WIDTHS[i] ?? 0)))
    .join('  ')
    .trimEnd();
}

/** Whether a line says what the one before has said: one thread looks at one word again. */
function isSameLook(before: string, line: string): boolean {
  const said = (text: string): string[] =>
    text
      .slice(4)
      .trim()
      .split(/\s{2,}/)
      .slice(0, 4);
  const now = said(line);
  return now[1] === 'load' && now[2]?.endsWith('.flags') === true && `${said(before)}` === `${now}`;
}

/** What two lines have in common that belong to one walk over pages: thread, load, function. */
function walkOf(line: string): string | undefined {
  const [, thread, what, place = '', , where] = line.slice(4).split(/\s{2,}/);
  return what === 'load' && place.startsWith('word of page') ? `${thread} ${where}` : undefined;
}

/** Of a walk over many pages the first and the last look. */
function shortenWalks(lines: string[]): string[] {
  const isInside = (i: number): boolean => {
    const walk = walkOf(lines[i]!);
    const beside = [i - 1, i + 1].map((at) => lines[at] ?? '').map(walkOf);
    return walk !== undefined && beside.every((other) => other === walk);
  };
  return lines.flatMap((line, i) => {
    if (!isInside(i)) return [line];
    return isInside(i - 1) ? [] : ['      …'];
  });
}

/** @param words  places to be shown beside page words and descriptors */
export function retell(trace: string, words?: RegExp): string[] {
  const lines = trace.split('\n').map(parse);
  const reader = new Reader(lines, words);
  const told = lines
    .map((line) => reader.read(line))
    .filter((line) => line !== undefined)
    .filter((line, i, all) => i === 0 || !isSameLook(all[i - 1]!, line));
  return shortenWalks(told);
}
