/**
 * Tags as they cross: a row of names, each a byte with its length less one, and its UTF-8.
 *
 * Equal tags of one entry are one tag.
 */
import { checkObject } from '../../border/arguments.ts';
import { InvalidArgumentError } from '../../errors.ts';
import * as facts from '../../generated/facts.ts';
import { decodeText, encodeText } from './values.ts';

const MAX_TAG_BYTES = 256;

/** The UTF-8 of a tag. Throws `InvalidArgumentError`. */
function encodeTag(tag: unknown): Uint8Array {
  const bytes = typeof tag === 'string' ? encodeText('tag', tag) : undefined;
  if (bytes !== undefined && bytes.length > 0 && bytes.length <= MAX_TAG_BYTES) return bytes;
  throw new InvalidArgumentError('tag', `a text of 1 to ${MAX_TAG_BYTES} bytes`, tag);
}

/** The tag itself. Throws `InvalidArgumentError`. */
export function checkTag(tag: unknown): string {
  encodeTag(tag);
  return tag as string;
}

/** A copy of an entry's tags. Throws `InvalidArgumentError`. */
export function checkTags(tags: readonly string[]): readonly string[] {
  const expected = `an array of up to ${facts.MAX_TAGS} texts`;
  if (!Array.isArray(checkObject('tags', tags, expected))) {
    throw new InvalidArgumentError('tags', expected, tags);
  }
  const own = new Set<string>();
  // Not copied before it is known to be short: one by mistake may have millions of holes.
  for (const tag of tags) {
    if (own.has(tag)) continue;
    if (own.size === facts.MAX_TAGS) {
      const hint = `${tags.length} of them`;
      throw new InvalidArgumentError('tags', expected, tags, { hint });
    }
    own.add(checkTag(tag));
  }
  return [...own];
}

/** The row of names. */
export function encodeTags(tags: readonly string[]): Uint8Array {
  const names = tags.map(encodeTag);
  const row = new Uint8Array(names.reduce((bytes, name) => bytes + 1 + name.length, 0));
  let at = 0;
  for (const name of names) {
    row[at] = name.length - 1;
    row.set(name, at + 1);
    at += 1 + name.length;
  }
  return row;
}

/** The names of a row. */
export function decodeTags(row: Uint8Array, count: number): string[] {
  const tags: string[] = [];
  for (let at = 0; tags.length < count; at += 2 + row[at]!) {
    tags.push(decodeText(row.slice(at + 1, at + 2 + row[at]!)));
  }
  return tags;
}
