/**
 * Inflate: what DEFLATE has packed (RFC 1951), for embedded modules where there is no zlib.
 *
 * `packed` is a row of blocks: a bit "last", two bits of kind, and then bytes as they are (kind 0),
 * or symbols under a fixed (1) or an enclosed (2) code. A symbol is a byte, the end of the block,
 * or a length, which a distance follows: so many bytes again from so far back.
 *
 * A *code* is canonical: all that counts is how long each symbol's bits are. `counts[n]` says how
 * many symbols have n bits, `symbols` lists them, shorter ones first. The codes of one length are
 * numbers in a row, and follow on those of the lengths before.
 *
 * Cost: about 20 ns a byte once it is warm.
 * Throws `RangeError` for what is no such row, or is longer or shorter than it should be.
 */

const MAX_BITS = 15;
const END = 256;
const SYMBOLS = 288;
const DISTANCES = 32;
/** The order in which the lengths of the code of lengths come. */
const LENGTHS_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

interface Code {
  counts: Uint16Array;
  symbols: Uint16Array;
}

/** Inflates to exactly `bytes`. */
export function inflate(packed: Uint8Array, bytes: number): Uint8Array<ArrayBuffer> {
  const output = new Output(bytes);
  const input = new Input(packed);
  let isLast = false;
  while (!isLast) {
    isLast = input.take(1) === 1;
    const kind = input.take(2);
    if (kind === 0) copyStored(input, output);
    else if (kind === 1) readBlock(input, output, ...fixedCodes());
    else if (kind === 2) readBlock(input, output, ...readCodes(input));
    else throw damaged();
  }
  if (output.at !== bytes) throw damaged();
  return output.bytes;
}

function damaged(): RangeError {
  return new RangeError('The embedded module is damaged');
}

/** Bits of the packed bytes, lowest first. */
class Input {
  readonly #packed: Uint8Array;
  #at = 0;
  #bits = 0;
  #held = 0;

  constructor(packed: Uint8Array) {
    this.#packed = packed;
  }

  /** The next `count` bits as a number; at most 16. */
  take(count: number): number {
    while (this.#held < count) {
      this.#bits |= this.byte() << this.#held;
      this.#held += 8;
    }
    const value = this.#bits & ((1 << count) - 1);
    this.#bits >>>= count;
    this.#held -= count;
    return value;
  }

  byte(): number {
    const byte = this.#packed[this.#at++];
    if (byte === undefined) throw damaged();
    return byte;
  }

  /** Goes on at the next whole byte. */
  align(): void {
    this.#bits = 0;
    this.#held = 0;
  }

  /** The next symbol of a code: bit by bit, until it is one of the codes of that length. */
  symbol({ counts, symbols }: Code): number {
    let [code, first, index] = [0, 0, 0];
    for (let length = 1; length <= MAX_BITS; length++) {
      code |= this.take(1);
      const count = counts[length]!;
      if (code - first < count) return symbols[index + code - first]!;
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw damaged();
  }
}

class Output {
  readonly bytes: Uint8Array<ArrayBuffer>;
  at = 0;

  constructor(bytes: number) {
    this.bytes = new Uint8Array(bytes);
  }

  put(byte: number): void {
    if (this.at >= this.bytes.length) throw damaged();
    this.bytes[this.at++] = byte;
  }

  /** So many bytes from so far back; they may overlap what they make. */
  repeat(length: number, distance: number): void {
    if (distance > this.at) throw damaged();
    for (let i = 0; i < length; i++) this.put(this.bytes[this.at - distance]!);
  }
}

function copyStored(input: Input, output: Output): void {
  input.align();
  const length = input.take(16);
  if ((length ^ input.take(16)) !== 0xffff) throw damaged();
  for (let i = 0; i < length; i++) output.put(input.byte());
}

/** Lengths come in groups: `extra` more bits say which of the group. */
function readBlock(input: Input, output: Output, lengths: Code, distances: Code): void {
  for (;;) {
    const symbol = input.symbol(lengths);
    if (symbol < END) output.put(symbol);
    else if (symbol === END) return;
    else
      output.repeat(lengthOf(symbol - END - 1, input), distanceOf(input.symbol(distances), input));
  }
}

/**
 * Groups of four lengths, each twice as long as the one before, from 3 on; the last is 258 alone.
 */
function lengthOf(group: number, input: Input): number {
  if (group > 28) throw damaged();
  if (group === 28) return 258;
  if (group < 8) return group + 3;
  const extra = (group >> 2) - 1;
  return ((4 + (group & 3)) << extra) + 3 + input.take(extra);
}

/** Groups of two distances, each twice as long as the one before, from 1 on. */
function distanceOf(group: number, input: Input): number {
  if (group > 29) throw damaged();
  if (group < 4) return group + 1;
  const extra = (group >> 1) - 1;
  return ((2 + (group & 1)) << extra) + 1 + input.take(extra);
}

/** The code in which symbol n has lengths[n] bits; 0: it does not occur. */
function codeOf(lengths: Uint8Array): Code {
  const counts = new Uint16Array(MAX_BITS + 1);
  for (const length of lengths) counts[length]!++;
  counts[0] = 0;
  const next = new Uint16Array(MAX_BITS + 2);
  for (let length = 1; length <= MAX_BITS; length++) {
    next[length + 1] = next[length]! + counts[length]!;
  }
  const symbols = new Uint16Array(lengths.length);
  for (const [symbol, length] of lengths.entries()) {
    if (length !== 0) symbols[next[length]!++] = symbol;
  }
  return { counts, symbols };
}

function fixedCodes(): [Code, Code] {
  const lengths = new Uint8Array(SYMBOLS).fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280);
  return [codeOf(lengths.fill(8, 280)), codeOf(new Uint8Array(DISTANCES).fill(5))];
}

/** The two codes of a block, whose lengths are themselves symbols of a code, with repeats. */
function readCodes(input: Input): [Code, Code] {
  const [symbols, distances, count] = [input.take(5) + 257, input.take(5) + 1, input.take(4) + 4];
  const ofLengths = new Uint8Array(LENGTHS_ORDER.length);
  for (const symbol of LENGTHS_ORDER.slice(0, count)) ofLengths[symbol] = input.take(3);
  const code = codeOf(ofLengths);
  const lengths: number[] = [];
  while (lengths.length < symbols + distances) {
    const symbol = input.symbol(code);
    if (symbol < 16) lengths.push(symbol);
    else repeatLength(symbol, lengths, input);
  }
  if (lengths.length > symbols + distances) throw damaged();
  const all = Uint8Array.from(lengths);
  return [codeOf(all.subarray(0, symbols)), codeOf(all.subarray(symbols))];
}

function repeatLength(symbol: number, lengths: number[], input: Input): void {
  const isLast = symbol === 16;
  if (isLast && lengths.length === 0) throw damaged();
  const length = isLast ? lengths.at(-1)! : 0;
  const times = symbol === 18 ? 11 + input.take(7) : 3 + input.take(isLast ? 2 : 3);
  for (let i = 0; i < times; i++) lengths.push(length);
}
