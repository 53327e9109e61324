/**
 * Zones, as a thread comes to them: made of fresh memory, found again, or joined.
 */

import { type KernelExports, openKernel } from '../border/kernel.ts';
import {
  IncompatibleZoneError,
  InvalidArgumentError,
  TooManyThreadsError,
  ZoneTooSmallError,
} from '../errors.ts';
import * as facts from '../generated/facts.ts';
import { parseSize } from '../sizes.ts';
import { mayPark, registry, threadOwner, type Zone } from './registry.ts';
import { enroll, findZone, listen, stopListening } from './threads.ts';

const WASM_PAGE_BYTES = 65536;

/** Size in WebAssembly pages, rounded down: a budget is never exceeded. */
export function wasmPagesFor(name: string, size: unknown): number {
  const bytes = parseSize(name, size);
  // 4 GiB itself is one page too many for 32-bit end addresses; it means "as large as can be".
  const pages = Math.floor(
    Math.min(bytes, facts.MAX_WASM_PAGES * WASM_PAGE_BYTES) / WASM_PAGE_BYTES,
  );
  if (bytes <= 2 ** 32 && pages >= facts.MIN_WASM_PAGES) return pages;
  throw new InvalidArgumentError(name, 'from 4 MiB to 4 GiB', size);
}

/** Makes a zone of fresh memory, with this thread and a supervisor attached. */
export function createZone(size: unknown): Zone {
  const pages = wasmPagesFor('size', size);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const kernel = openKernel(memory);
  const [idLo, idHi, seedLo, seedHi] = crypto.getRandomValues(new Int32Array(4));
  kernel.format(idLo!, idHi!, seedLo!, seedHi!);
  return join(memory, kernel);
}

/** The zone of a memory, joined unless this thread has already. */
export function attachZone(memory: WebAssembly.Memory): Zone {
  const found = findZone(memory);
  if (!('kernel' in found)) return join(memory, found);
  found.users++;
  return found;
}

/**
 * Takes a slot for this thread.
 *
 * @param isPrivate  nobody else can see the memory, as with an image: it needs no supervisor
 */
export function join(memory: WebAssembly.Memory, kernel: KernelExports, isPrivate = false): Zone {
  listen();
  const owner = threadOwner();
  const slot = kernel.attach(owner, mayPark() ? 1 : 0);
  if (slot > 0) return enroll(memory, kernel, owner, isPrivate);
  if (registry().zones.size === 0) stopListening();
  switch (slot) {
    case facts.ERR_NO_SLOT:
      throw new TooManyThreadsError();
    case facts.ERR_NO_MEMORY:
      throw new ZoneTooSmallError('another thread');
    case facts.ERR_VERSION:
      throw new IncompatibleZoneError('the zone was made by another version of pageless');
    case facts.ERR_GEOMETRY:
      throw new IncompatibleZoneError(
        'the zone and its memory differ in size, or its first pages are damaged',
      );
    default:
      throw new IncompatibleZoneError('the memory is not a pageless zone');
  }
}
