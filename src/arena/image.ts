/**
 * Images: a zone as a file, for reports and checks after the process is gone.
 *
 *   header   32 bytes   magic "plzimage" · image version · zone format · WebAssembly pages ·
 *                       runs · pages in them · CRC-32 of the 28 bytes before
 *   run      12 bytes   pfn · pages · CRC-32 of these two and of what follows
 *            n × 4 KiB  the pages
 *
 * All numbers are u32, little-endian. Runs ascend and hold every page whose word is not 0: fixed
 * metadata, whose words say so, included. A free page's content means nothing and is left out. A
 * run has up to RUN_PAGES pages, so that neither side needs more than a small buffer.
 *
 * Saving stops the world while it copies: no other thread is inside the kernel. The file is written
 * under another name and renamed when it is whole. Loading makes another zone of it: it gets an
 * identity of its own, its threads are dead, and it has no supervisor.
 */

import { adoptTime, noteTime } from '../border/clock.ts';
import { draftOf, fileError, keepMode, nodeFiles, removeQuietly } from '../border/files.ts';
import { type KernelExports, openKernel } from '../border/kernel.ts';
import { WASM_PAGE_BYTES } from '../border/support.ts';
import { BadImageError } from '../errors.ts';
import * as facts from '../generated/facts.ts';
import { copyOut, placeBytes } from '../language/copies.ts';

type Fs = ReturnType<typeof nodeFiles>['fs'];
type Crc = ReturnType<typeof nodeFiles>['crc32'];
type Run = [pfn: number, pages: number];

/** "plzimage" in file order. */
const MAGIC: readonly [number, number] = [0x697a6c70, 0x6567616d];
const SAVED_CACHE = 'it is a saved cache, for SharedCache.load';
/** Raised with every change of the layout above. */
const IMAGE_VERSION = 1;
const HEADER_BYTES = 32;
const RUN_HEADER_BYTES = 12;
/** 1 MiB: large enough that the calls cost nothing beside the copying. */
const RUN_PAGES = 256;

/** Writes the zone to `file`. Throws `BadImageError` and leaves no file behind. */
export function saveImage(file: string, memory: WebAssembly.Memory, kernel: KernelExports): void {
  const { fs, crc32 } = nodeFiles(file);
  const draft = draftOf(fs, file);
  try {
    const fd = fs.openSync(draft.name, 'wx', draft.mode);
    try {
      keepMode(fs, fd, draft);
      if (!writeStopped(fs, crc32, fd, memory, kernel)) {
        const reason = 'the arena was used meanwhile';
        throw new BadImageError(file, reason, undefined, { isTarget: true });
      }
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(draft.name, draft.target);
  } catch (error) {
    removeQuietly(fs, draft.name);
    throw fileError(file, 'written', error);
  }
}

/**
 * @returns whether the world stood still meanwhile: not if this thread used it, in a patched `fs`
 */
function writeStopped(
  fs: Fs,
  crc32: Crc,
  fd: number,
  memory: WebAssembly.Memory,
  kernel: KernelExports,
): boolean {
  let isWhole = false;
  kernel.stop();
  try {
    noteTime(kernel);
    const runs = usedRuns(kernel);
    writeAll(fs, fd, headerOf(crc32, memory.buffer.byteLength / WASM_PAGE_BYTES, runs));
    for (const run of runs) writeAll(fs, fd, runOf(crc32, memory, run));
  } finally {
    isWhole = kernel.start() !== 0;
  }
  return isWhole;
}

/** Runs of pages that are not free, in ascending order. */
function usedRuns(kernel: KernelExports): Run[] {
  const runs: Run[] = [];
  for (let pfn = 0, end = kernel.pageCount(); pfn < end; pfn++) {
    if (kernel.pageWordOf(pfn) === 0) continue;
    const last = runs.at(-1);
    if (last && last[0] + last[1] === pfn && last[1] < RUN_PAGES) last[1]++;
    else runs.push([pfn, 1]);
  }
  return runs;
}

function headerOf(crc32: Crc, wasmPages: number, runs: Run[]): Uint8Array {
  const pages = runs.reduce((sum, run) => sum + run[1], 0);
  const words = [...MAGIC, IMAGE_VERSION, facts.FORMAT_VERSION, wasmPages, runs.length, pages];
  const header = new DataView(new ArrayBuffer(HEADER_BYTES));
  for (const [index, word] of words.entries()) header.setUint32(index * 4, word, true);
  header.setUint32(28, crc32(new Uint8Array(header.buffer, 0, 28)), true);
  return new Uint8Array(header.buffer);
}

/** A run as it stands in the file. Copied first: readers may still change a mark in it. */
function runOf(crc32: Crc, memory: WebAssembly.Memory, [pfn, pages]: Run): Uint8Array {
  const bytes = new Uint8Array(RUN_HEADER_BYTES + pages * facts.PAGE_BYTES);
  const content = new Uint8Array(memory.buffer, pfn * facts.PAGE_BYTES, pages * facts.PAGE_BYTES);
  copyOut(bytes, RUN_HEADER_BYTES, content);
  const header = new DataView(bytes.buffer);
  header.setUint32(0, pfn, true);
  header.setUint32(4, pages, true);
  header.setUint32(8, runSum(crc32, bytes), true);
  return bytes;
}

function runSum(crc32: Crc, run: Uint8Array): number {
  return crc32(run.subarray(RUN_HEADER_BYTES), crc32(run.subarray(0, 8)));
}

function writeAll(fs: Fs, fd: number, bytes: Uint8Array): void {
  for (let from = 0; from < bytes.length; ) from += fs.writeSync(fd, bytes, from);
}

/** The zone of an image, adopted, not attached to. Throws `BadImageError`. */
export function loadImage(file: string): { memory: WebAssembly.Memory; kernel: KernelExports } {
  const { fs, crc32 } = nodeFiles(file);
  let fd = -1;
  try {
    fd = fs.openSync(file, 'r');
    return adoptImage(file, new ImageReader(fs, crc32, fd, file).readZone());
  } catch (error) {
    throw fileError(file, 'read', error);
  } finally {
    if (fd >= 0) fs.closeSync(fd);
  }
}

function adoptImage(
  file: string,
  { memory, metadataPages }: { memory: WebAssembly.Memory; metadataPages: number },
): { memory: WebAssembly.Memory; kernel: KernelExports } {
  const kernel = openKernel(memory);
  const words = new Uint32Array(memory.buffer);
  if (words[0] !== facts.ZONE_MAGIC) throw new BadImageError(file, 'what it holds is not a zone');
  if (
    kernel.firstPfn() > metadataPages ||
    kernel.pageCount() * facts.PAGE_BYTES !== words.byteLength
  ) {
    throw new BadImageError(file, "its superblock and its pages don't fit together");
  }
  // The two halves of the zone's id follow each other.
  words.set(crypto.getRandomValues(new Uint32Array(2)), facts.offsetsOfSuperblock.zoneIdLo >> 2);
  kernel.adoptImage();
  adoptTime(kernel);
  return { memory, kernel };
}

/** Reads an image from its start, believing nothing before its sum is right. */
class ImageReader {
  readonly #fs: Fs;
  readonly #crc32: Crc;
  readonly #fd: number;
  readonly #file: string;

  constructor(fs: Fs, crc32: Crc, fd: number, file: string) {
    this.#fs = fs;
    this.#crc32 = crc32;
    this.#fd = fd;
    this.#file = file;
  }

  /** @returns the memory, and how many pages from 0 on the image gave it */
  readZone(): { memory: WebAssembly.Memory; metadataPages: number } {
    const { wasmPages, runs } = this.#readHeader();
    const memory = this.#allocate(wasmPages);
    const bytes = new Uint8Array(memory.buffer);
    let metadataPages = 0;
    let end = 0;
    for (let index = 0; index < runs; index++) {
      const [pfn, run] = this.#readRun(end, wasmPages * facts.PAGES_PER_WASM_PAGE);
      placeBytes(bytes, pfn * facts.PAGE_BYTES, run);
      if (metadataPages === pfn) metadataPages += run.length / facts.PAGE_BYTES;
      end = pfn + run.length / facts.PAGE_BYTES;
    }
    return { memory, metadataPages };
  }

  #readHeader(): { wasmPages: number; runs: number } {
    const seen = this.#fs.fstatSync(this.#fd).size;
    if (seen < HEADER_BYTES) throw this.#bad(`it has ${seen} bytes, a header alone has 32`);
    const bytes = this.#read(HEADER_BYTES);
    const word = (index: number) => new DataView(bytes.buffer).getUint32(index * 4, true);
    if (word(0) !== MAGIC[0] || word(1) !== MAGIC[1]) {
      const isCache = Buffer.from(bytes.buffer, 0, 8).toString('latin1') === 'plzcache';
      throw this.#bad(isCache ? SAVED_CACHE : 'it does not begin with "plzimage"');
    }
    if (word(2) !== IMAGE_VERSION || word(3) !== facts.FORMAT_VERSION) {
      const known = `${IMAGE_VERSION}.${facts.FORMAT_VERSION}`;
      throw this.#bad(`its version is ${word(2)}.${word(3)}, and this one reads ${known}`);
    }
    if (word(7) !== this.#crc32(bytes.subarray(0, 28))) throw this.#bad('its header is damaged');
    const expected = HEADER_BYTES + word(5) * RUN_HEADER_BYTES + word(6) * facts.PAGE_BYTES;
    if (seen !== expected) throw this.#bad(`it has ${seen} bytes instead of ${expected}`);
    return { wasmPages: word(4), runs: word(5) };
  }

  #allocate(pages: number): WebAssembly.Memory {
    if (pages < facts.MIN_WASM_PAGES || pages > facts.MAX_WASM_PAGES) {
      throw this.#bad(`a zone cannot have ${pages} WebAssembly pages`);
    }
    try {
      return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    } catch (error) {
      throw this.#bad(`its memory of ${pages * WASM_PAGE_BYTES} bytes is not to be had: ${error}`);
    }
  }

  #readRun(from: number, pageCount: number): [pfn: number, content: Uint8Array] {
    const header = this.#read(RUN_HEADER_BYTES);
    const view = new DataView(header.buffer);
    const [pfn, pages] = [view.getUint32(0, true), view.getUint32(4, true)];
    if (pages < 1 || pages > RUN_PAGES || pfn < from || pfn + pages > pageCount) {
      throw this.#bad(`the run of pages after page ${from} is damaged`);
    }
    const run = new Uint8Array(RUN_HEADER_BYTES + pages * facts.PAGE_BYTES);
    run.set(header);
    run.set(this.#read(pages * facts.PAGE_BYTES), RUN_HEADER_BYTES);
    if (view.getUint32(8, true) === runSum(this.#crc32, run)) {
      return [pfn, run.subarray(RUN_HEADER_BYTES)];
    }
    throw this.#bad(`pages ${pfn} to ${pfn + pages - 1} are damaged: their checksum differs`);
  }

  #read(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let from = 0; from < length; ) {
      const read = this.#fs.readSync(this.#fd, bytes, from, length - from, null);
      if (read === 0) throw this.#bad('it ends too early');
      from += read;
    }
    return bytes;
  }

  #bad(reason: string): BadImageError {
    return new BadImageError(this.#file, reason);
  }
}
