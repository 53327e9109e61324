/**
 * Recorded cache traces: the requests of real systems, in the formats that simulators share.
 *
 *   NAME.trace   texts: one decimal key a line; lines that begin with `*` are comments
 *                else 64-bit or 32-bit keys, big-endian
 *   NAME.lis     texts: `start count 0 seq` a line, which asks for the keys start … start + count −
 *                1
 *
 * each also packed, as NAME.….gz. Keys become numbers from 0 in the order of their first request.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export interface Trace {
  name: string;
  /** The keys asked for, by number. */
  requests: Uint32Array;
  /** How many different ones there are. */
  keys: number;
}

type Parsed = { requests: number[]; keys: number };

/** Numbers keys by their first request. */
function number(keys: Iterable<string | number | bigint>): Parsed {
  const numbers = new Map<string | number | bigint, number>();
  const requests: number[] = [];
  for (const key of keys) {
    if (!numbers.has(key)) numbers.set(key, numbers.size);
    requests.push(numbers.get(key)!);
  }
  return { requests, keys: numbers.size };
}

function linesOf(bytes: Buffer): string[] {
  return bytes
    .toString('latin1')
    .split('\n')
    .map((line) => line.trim());
}

function parseTexts(bytes: Buffer): Parsed {
  return number(linesOf(bytes).filter((line) => line !== '' && !line.startsWith('*')));
}

function* ranges(bytes: Buffer): Generator<number> {
  for (const line of linesOf(bytes)) {
    if (line === '') continue;
    const [start, count] = line.split(/\s+/).map(Number);
    if (!Number.isInteger(start) || !Number.isInteger(count)) {
      throw new Error(`not a line of a .lis trace: ${JSON.stringify(line)}`);
    }
    for (let i = 0; i < count!; i++) yield start! + i;
  }
}

function* wordsOf(bytes: Buffer, width: 4 | 8): Generator<number | bigint> {
  for (let at = 0; at < bytes.length; at += width) {
    yield width === 4 ? bytes.readInt32BE(at) : bytes.readBigInt64BE(at);
  }
}

const repeats = ({ requests, keys }: Parsed): number => 1 - keys / requests.length;

/**
 * Keys of the wrong width repeat less often: halves of 64 bits as often, pairs of 32 bits hardly.
 */
function parseWords(bytes: Buffer): Parsed {
  const narrow = number(wordsOf(bytes, 4));
  if (bytes.length % 8 !== 0) return narrow;
  const wide = number(wordsOf(bytes, 8));
  return repeats(wide) >= 0.9 * repeats(narrow) ? wide : narrow;
}

const isText = (bytes: Buffer): boolean =>
  bytes.subarray(0, 4096).every((byte) => byte === 9 || byte === 10 || byte === 13 || byte >= 32);

const FORMAT = /\.(trace|lis)(\.gz)?$/;

/** Reads a trace. Throws when the file is none. */
export function readTrace(file: string): Trace {
  const [, kind, packed] = FORMAT.exec(file) ?? [];
  if (kind === undefined) throw new Error(`not called NAME.trace or NAME.lis: ${file}`);
  const stored = readFileSync(file);
  const bytes = packed ? gunzipSync(stored) : stored;
  if (bytes.length === 0) throw new Error(`empty: ${file}`);
  const isWords = kind === 'trace' && !isText(bytes);
  if (isWords && bytes.length % 4 !== 0) throw new Error(`not whole keys: ${file}`);
  const parsed = isWords
    ? parseWords(bytes)
    : kind === 'lis'
      ? number(ranges(bytes))
      : parseTexts(bytes);
  const { requests, keys } = parsed;
  return { name: basename(file).replace(FORMAT, ''), requests: Uint32Array.from(requests), keys };
}

/** The traces in a folder and those below it, by path. */
export function traceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => FORMAT.test(file))
    .sort()
    .map((file) => join(folder, file));
}
