/**
 * Namespaces of a cache: keys of their own, with values and a time to live of their own, in the one
 * budget (kernel/store/spaces.ts).
 *
 * A name is the cache's, for ever, and so are its options: who registers it first says them, and
 * the others agree, or leave them out. A codec is code, so each thread brings it.
 */
import type { Arena } from '../arena/arena.ts';
import { checkOptions } from '../border/arguments.ts';
import { InvalidArgumentError, TooManyNamespacesError, ZoneTooSmallError } from '../errors.ts';
import * as facts from '../generated/facts.ts';
import { readStaleFor, readTtl, type SavedName, type TimeOptions } from './settings.ts';
import { Border } from './transfer.ts';
import {
  decodeText,
  encodeText,
  isValueKind,
  type ValueCodec,
  type ValueKind,
  valueCodec,
} from './values.ts';
import { CacheView } from './view.ts';
import type { ViewParts } from './view-parts.ts';

export interface NamespaceOptions<T> extends TimeOptions {
  /** What it holds; by default what the cache holds. */
  values?: ValueKind | ValueCodec<T> | undefined;
}

/** What the zone knows of a name. */
type Registered = Omit<SavedName, 'name'>;

/** By number. */
const KINDS: readonly Registered['values'][] = ['bytes', 'string', 'json', 'own', 'cache'];

/** A record; the name stands behind it (kernel/store/spaces.ts). */
const record = facts.offsetsOfSpace;

const OWN = 'the codec { serialize, deserialize } of before';

type Said = { [K in keyof Registered]: Registered[K] | undefined };

export class Namespaces<T> {
  readonly #parts: ViewParts<T>;
  readonly #memory: WebAssembly.Memory;
  /** Of this thread, by name. */
  readonly #views = new Map<string, { codec: unknown; view: CacheView<unknown>; is: Registered }>();

  constructor(parts: ViewParts<T>, memory: WebAssembly.Memory) {
    this.#parts = parts;
    this.#memory = memory;
  }

  open<W>(name: string, options: NamespaceOptions<W>): CacheView<W> {
    const { kernel, settings, clock, tier } = this.#parts;
    const { values, ttl, staleFor } = checkOptions(options, ['values', 'ttl', 'staleFor']);
    if (tier) {
      const expected = 'left out: what is in a namespace is not written to a second tier';
      throw new InvalidArgumentError('name', expected, name);
    }
    const isKind = values === undefined || isValueKind(values);
    const own = isKind ? undefined : valueCodec(values);
    const said: Said = {
      values: isKind ? values : 'own',
      ttl: readTtl(ttl, undefined),
      staleFor: readStaleFor(staleFor, undefined),
    };
    const space = registerName(this.#parts, name, said);
    const registered = readRecord(this.#memory, kernel.spaceRecord(space));
    checkAgreed(name, registered, said, values);
    const kind = registered.values;
    const codec = kind === 'own' ? own : kind === 'cache' ? this.#parts.codec : valueCodec<W>(kind);
    if (codec === undefined) throw differing('values', name, OWN, values);
    const known = this.#views.get(name);
    if (known?.codec === codec) return known.view as CacheView<W>;
    const border = new Border(kernel, this.#memory, clock, space);
    const inherited = kind === 'cache' ? 'own' : kind;
    const parts = this.#parts.inSpace(border, codec as ValueCodec<W>, {
      ...settings,
      ...registered,
      values: inherited,
    });
    parts.name = name;
    const view = new CacheView<W>(parts);
    this.#views.set(name, { codec, view: view as CacheView<unknown>, is: registered });
    return view;
  }

  /** Those that this thread has opened: also when nothing in the zone is to be believed. */
  names(): SavedName[] {
    return Array.from(this.#views, ([name, { is }]) => ({ name, ...is }));
  }
}

/** @returns its number; what is not said is as in the cache, if it is new */
function registerName<T>(parts: ViewParts<T>, name: string, said: Said): number {
  const { kernel, settings } = parts;
  const inherited = settings.values === 'own' ? 'cache' : settings.values;
  const { values = inherited, ttl = settings.ttl, staleFor = settings.staleFor } = said;
  const bytes = encodeName(name);
  const nameBytes = parts.live().putKey(bytes);
  const space = kernel.registerSpace(nameBytes, KINDS.indexOf(values), ttl, staleFor);
  if (space === facts.ERR_FULL) throw new TooManyNamespacesError(facts.MAX_SPACES);
  if (space < 0) throw new ZoneTooSmallError('another namespace');
  return space;
}

/** All names of a cache, in the order of their numbers: for a file. */
export function readNames(arena: Arena): SavedName[] {
  const { kernel, memory } = arena;
  return Array.from({ length: kernel.spaceCount() }, (_, i) => {
    const at = kernel.spaceRecord(i + 1) >>> 0;
    const length = new DataView(memory.buffer, at).getUint32(record.nameBytes, true);
    const name = decodeText(new Uint8Array(memory.buffer, at + record.bytes, length));
    return { name, ...readRecord(memory, at) };
  });
}

/** Gives a fresh cache the names of another one, which get the same numbers. */
export function restoreNames<T>(parts: ViewParts<T>, names: readonly SavedName[]): void {
  for (const { name, ...said } of names) registerName(parts, name, said);
}

/** The UTF-8 of a name. Throws `InvalidArgumentError`. */
function encodeName(name: unknown): Uint8Array {
  const bytes = typeof name === 'string' ? encodeText('name', name) : undefined;
  if (bytes && bytes.length > 0 && bytes.length <= facts.MAX_SPACE_NAME) return bytes;
  throw new InvalidArgumentError('name', `a text of 1 to ${facts.MAX_SPACE_NAME} bytes`, name);
}

/** What the zone says of a name, and never changes. */
function readRecord({ buffer }: WebAssembly.Memory, at: number): Registered {
  const said = new DataView(buffer, at >>> 0, record.bytes);
  return {
    values: KINDS[said.getUint32(record.values, true)]!,
    ttl: said.getFloat64(record.ttl, true),
    staleFor: said.getFloat64(record.staleFor, true),
  };
}

/** Throws `InvalidArgumentError` of what was said and is otherwise. */
function checkAgreed(name: string, registered: Registered, said: Said, values: unknown): void {
  for (const field of ['values', 'ttl', 'staleFor'] as const) {
    const [is, seen] = [registered[field], said[field]];
    if (seen === undefined || seen === is) continue;
    if (field === 'values') throw differing(field, name, kindText(is), values);
    throw differing(field, name, String(is), seen);
  }
}

function kindText(is: unknown): string {
  if (is === 'own') return OWN;
  return is === 'cache' ? "the cache's own codec" : `'${is}'`;
}

function differing(field: string, name: string, is: string, seen: unknown): InvalidArgumentError {
  const isCode = is === OWN;
  const end = isCode ? ', which each thread brings' : ', or left out';
  return new InvalidArgumentError(field, `${is}, as namespace '${name}' has it${end}`, seen);
}
