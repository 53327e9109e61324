/**
 * Frames: how a zone travels to the page that shows it, and into a recording.
 *
 *   frame   length of what follows:u32 (little-endian) · kind:u8 · zone:u8 · body
 *   HEAD    JSON `Head`: whose zones these are; the first frame of a stream or recording, zone 0
 *   ZONE    JSON `ZoneInfo`: a zone has come; the first frame of each
 *   MAP     the codes of all pages: runs of varint length · code
 *   CHANGES pages whose word changed since the last: gap and kind · code (see `encodeChanges`)
 *   FIGURES JSON `Figures`: one look's; ends the look
 *   TABLES  JSON `Tables`: classes and caches
 *   GONE    the zone is closed, or can be seen no more: a text that says so
 *
 * A varint has seven bits a byte, lowest first; bit 7 says that another follows. The same code runs
 * in the program and in the page.
 */
export const HEAD = 0;
export const ZONE = 1;
export const MAP = 2;
export const CHANGES = 3;
export const FIGURES = 4;
export const TABLES = 5;
export const GONE = 7;

/** Zones at a time: of one that is gone the number is another's. */
export const MAX_ZONES = 256;

const HEADER_BYTES = 6;
/** A body longer than the map of the largest zone, a run for each page, is no frame. */
const MAX_BODY_BYTES = 2 ** 22;

export interface Frame {
  kind: number;
  zone: number;
  body: Uint8Array;
}

/** Pages whose words changed, ascending, and the codes that they have now. */
export interface Changes {
  count: number;
  pfns: Uint32Array;
  codes: Uint8Array;
}

/** Bytes that grow; reused from look to look, so that looking makes no garbage. */
class Bytes {
  #bytes = new Uint8Array(4096);
  length = 0;

  push(byte: number): void {
    if (this.length === this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.length++] = byte;
  }

  pushVarint(value: number): void {
    let rest = value;
    for (; rest > 127; rest >>>= 7) this.push((rest & 127) | 128);
    this.push(rest);
  }

  /** A copy; begins anew. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes.slice(0, this.length);
    this.length = 0;
    return bytes;
  }
}

const writer = new Bytes();

export function encodeFrame(kind: number, zone: number, body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEADER_BYTES + body.length);
  new DataView(frame.buffer).setUint32(0, 2 + body.length, true);
  frame[4] = kind;
  frame[5] = zone;
  frame.set(body, HEADER_BYTES);
  return frame;
}

export function encodeJson(kind: number, zone: number, value: unknown): Uint8Array {
  return encodeFrame(kind, zone, new TextEncoder().encode(JSON.stringify(value)));
}

/** The codes of all pages, in runs. */
export function encodeMap(codes: Uint8Array): Uint8Array {
  for (let from = 0; from < codes.length; ) {
    const code = codes[from]!;
    let end = from + 1;
    while (end < codes.length && codes[end] === code) end++;
    writer.pushVarint(end - from);
    writer.push(code);
    from = end;
  }
  return writer.take();
}

/**
 * Changes, as runs of neighbouring pages with one code: varint (pages skipped << 1 | is it several)
 * · if so varint (pages − 2) · code. A lone page, skipping fewer than 64, takes two bytes.
 */
export function encodeChanges({ count, pfns, codes }: Changes): Uint8Array {
  let next = 0;
  for (let i = 0; i < count; ) {
    const first = pfns[i]!;
    let run = 1;
    while (i + run < count && pfns[i + run] === first + run && codes[i + run] === codes[i]) run++;
    writer.pushVarint(((first - next) << 1) | Number(run > 1));
    if (run > 1) writer.pushVarint(run - 2);
    writer.push(codes[i]!);
    next = first + run;
    i += run;
  }
  return writer.take();
}

/** Reads what the functions above wrote. Throws `RangeError` where a body ends too early. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new RangeError('a frame ends too early');
    return byte;
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 32; shift += 7) {
      const byte = this.byte();
      value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
    throw new RangeError('a number in a frame is too long');
  }
}

/** Calls `visit` for each run of a MAP. Throws `RangeError` if it is damaged. */
export function decodeMap(
  body: Uint8Array,
  pages: number,
  visit: (first: number, count: number, code: number) => void,
): void {
  const reader = new Reader(body);
  let first = 0;
  while (!reader.isAtEnd) {
    const count = reader.varint();
    if (count > pages - first) throw new RangeError('a map is longer than its zone');
    visit(first, count, reader.byte());
    first += count;
  }
  if (first !== pages) throw new RangeError('a map is shorter than its zone');
}

/** The same for CHANGES. */
export function decodeChanges(
  body: Uint8Array,
  pages: number,
  visit: (first: number, count: number, code: number) => void,
): void {
  const reader = new Reader(body);
  let next = 0;
  while (!reader.isAtEnd) {
    const head = reader.varint();
    const first = next + (head >>> 1);
    const count = (head & 1) === 0 ? 1 : reader.varint() + 2;
    if (count > pages - first) throw new RangeError('a change lies outside its zone');
    visit(first, count, reader.byte());
    next = first + count;
  }
}

/** Cuts a stream of bytes into frames, however it arrives. */
export class FrameReader {
  #pending: Uint8Array = new Uint8Array(0);

  /** The frames that are whole now. Throws `RangeError` at what cannot be a frame. */
  *push(bytes: Uint8Array): Generator<Frame> {
    this.#pending = this.#pending.length === 0 ? bytes : concat(this.#pending, bytes);
    for (;;) {
      const { buffer, byteOffset, length } = this.#pending;
      if (length < HEADER_BYTES) return;
      const size = new DataView(buffer, byteOffset).getUint32(0, true);
      if (size < 2 || size > MAX_BODY_BYTES) throw new RangeError(`a frame of ${size} bytes`);
      if (length < size + 4) return;
      const [kind, zone] = [this.#pending[4]!, this.#pending[5]!];
      const body = this.#pending.subarray(HEADER_BYTES, size + 4);
      this.#pending = this.#pending.subarray(size + 4);
      yield { kind, zone, body };
    }
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
