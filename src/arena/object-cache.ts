/**
 * ObjectCache: objects of one size in an arena, shared by its threads, packed side by side.
 *
 * An object is known by a *handle*, a number that any thread may use. Each use compares it with the
 * arena: the handle of another cache, of a free object or of none is an error, and nothing has
 * changed. A handle that outlives its object may name the next one that is allocated in its place:
 * threads that share handles agree on who frees.
 */

import { checkBytes, checkInteger, checkOptions } from '../border/arguments.ts';
import type { KernelExports } from '../border/kernel.ts';
import {
  CacheMismatchError,
  InvalidArgumentError,
  InvalidHandleError,
  TooManyCachesError,
} from '../errors.ts';
import * as facts from '../generated/facts.ts';
import { copyBytes } from '../language/copies.ts';

export interface ObjectCacheOptions {
  /** What threads find it by: 1 to 24 bytes of UTF-8. */
  name: string;
  /** Size of an object: a multiple of 8 up to 4,096. Multiples of 32 are aligned to 32. */
  bytes: number;
}

/** What a cache needs of its arena; each use looks whether that still lives. */
interface Home {
  readonly kernel: KernelExports;
  readonly memory: WebAssembly.Memory;
}

/** A handle is an object's address over 8, the smallest size. */
const HANDLE_SHIFT = 3;
const MAX_HANDLE = 2 ** 29 - 1;

export class ObjectCache {
  readonly name: string;
  /** Size of an object in bytes. */
  readonly bytes: number;
  readonly #arena: Home;
  readonly #number: number;

  /** @internal: `arena.createObjectCache` */
  constructor(arena: Home, options: ObjectCacheOptions) {
    const { name, bytes } = checkOptions(options, ['name', 'bytes']);
    const encoded = encodeName(name);
    checkInteger('bytes', bytes, facts.MIN_OBJECT_BYTES, facts.PAGE_BYTES);
    if (bytes % facts.MIN_OBJECT_BYTES !== 0) {
      throw new InvalidArgumentError('bytes', 'a multiple of 8', bytes);
    }
    const { kernel, memory } = arena;
    new Uint8Array(memory.buffer, kernel.window() >>> 0, facts.NAME_BYTES).set(encoded);
    this.#number = kernel.openCache(bytes);
    if (this.#number < 0) throw new TooManyCachesError(facts.CACHES - facts.FIRST_USER_CACHE);
    const seen = kernel.slabFigure(this.#number, facts.FIGURE_OBJECT_BYTES);
    if (seen !== bytes) throw new CacheMismatchError(name, bytes, seen);
    this.#arena = arena;
    this.name = name;
    this.bytes = bytes;
  }

  /** @returns a handle, or undefined without memory. The object holds what its last user left. */
  alloc(): number | undefined {
    const object = this.#arena.kernel.newObject(this.#number);
    return object < 0 ? undefined : object;
  }

  /** Gives an object back. Throws `InvalidHandleError`, and has changed nothing, if it is none. */
  free(handle: number): void {
    checkInteger('handle', handle, 0, MAX_HANDLE);
    if (!this.#arena.kernel.dropObject(this.#number, handle)) this.#refuse(handle);
  }

  /** Whether the handle names an object that was allocated and not freed. */
  has(handle: number): boolean {
    checkInteger('handle', handle, 0, MAX_HANDLE);
    return this.#arena.kernel.hasObject(this.#number, handle) !== 0;
  }

  /** The bytes of an object, where they are: not to be used when it is freed. */
  view(handle: number): Uint8Array {
    if (!this.has(handle)) this.#refuse(handle);
    const address = handle * 2 ** HANDLE_SHIFT;
    this.#arena.kernel.lend();
    return new Uint8Array(this.#arena.memory.buffer, address, this.bytes);
  }

  /** A copy of the bytes of an object. */
  read(handle: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.view(handle));
  }

  /** Copies bytes into an object, from `offset` on. */
  write(handle: number, source: Uint8Array, offset = 0): void {
    checkInteger('offset', offset, 0, this.bytes);
    const length = checkBytes('source', source, this.bytes - offset);
    const view = this.view(handle);
    copyBytes(offset === 0 ? view : view.subarray(offset), source, length);
  }

  #refuse(handle: number): never {
    throw new InvalidHandleError(handle, this.name);
  }
}

/** The name as the kernel compares it: padded with zeros. */
function encodeName(name: unknown): Uint8Array {
  const encoded = new TextEncoder().encode(typeof name === 'string' ? name : '');
  const isFitting = encoded.length > 0 && encoded.length <= facts.NAME_BYTES;
  if (!isFitting || encoded.includes(0) || !(name as string).isWellFormed()) {
    throw new InvalidArgumentError('name', `1 to ${facts.NAME_BYTES} bytes of text`, name);
  }
  const padded = new Uint8Array(facts.NAME_BYTES);
  padded.set(encoded);
  return padded;
}
