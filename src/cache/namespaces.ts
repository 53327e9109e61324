/**
 * Namespaces of a cache: keys of their own, with values and a time to live of their own, in the one
 * budget (kernel/store/spaces.ts).
 *
 * A name is the cache's, for ever, and so are its options: who registers it first says them, and
 * the others agree, or leave them out. A codec is code, so each thread brings it.
 */
import { checkOptions } from '../border/arguments.ts';
import { INSPECT, type Inspect, inspectAs } from '../border/inspect.ts';
import { InvalidArgumentError } from '../errors.ts';
import { type Registered, readRecord, registerName, type Said } from './options/names.ts';
import { readStaleFor, readTtl, type SavedName, type TimeOptions } from './options/settings.ts';
import { Border } from './transfer/transfer.ts';
import { isValueKind, type ValueCodec, type ValueKind, valueCodec } from './values/values.ts';
import { CacheView } from './view.ts';
import type { ViewParts } from './view-parts.ts';

/** What the first call leaves out is as in the cache. */
export interface NamespaceOptions<T> extends TimeOptions {
  /** What it holds. */
  values?: ValueKind | ValueCodec<T> | undefined;
}

const OWN = 'the codec { serialize, deserialize } of before';

/** A view that says which one it is. */
class Namespace<T> extends CacheView<T> {
  readonly #facts: () => object;

  constructor(parts: ViewParts<T>, name: string) {
    super(parts);
    const { values } = parts.settings;
    this.#facts = () => ({ namespace: name, values, entries: this.size });
  }

  [INSPECT](depth: number, options: object, inspect: Inspect): string {
    return inspectAs('CacheView', this.#facts, depth, options, inspect);
  }
}

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
    const view = new Namespace<W>(parts, name);
    this.#views.set(name, { codec, view: view as CacheView<unknown>, is: registered });
    return view;
  }

  /** Those that this thread has opened: also when nothing in the zone is to be believed. */
  names(): SavedName[] {
    return Array.from(this.#views, ([name, { is }]) => ({ name, ...is }));
  }
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
