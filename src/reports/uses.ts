/**
 * What pages are used for: the names of page words.
 *
 * A *use* is a type and, where there is no descriptor, a subtype. Its *code* is one byte that
 * stands for it in recordings and on the way to a page that shows the zone: the place in `uses`,
 * or, for a type that a user registered, the type's number, or UNKNOWN. Codes are appended, never
 * reordered.
 */
import type { KernelExports } from '../border/kernel.ts';
import * as facts from '../generated/facts.ts';

/** Uses of a page, by type and, where there is no descriptor, by subtype. */
export const uses: readonly (readonly [name: string, type: number, subtype: number])[] = [
  ['free', facts.TYPE_FREE, 0],
  ['zone metadata', facts.TYPE_MISC, facts.MISC_ZONE],
  ['allocated by user', facts.TYPE_MISC, facts.MISC_USER],
  ['thread page', facts.TYPE_MISC, facts.MISC_THREAD],
  ['thread scratch', facts.TYPE_MISC, facts.MISC_SCRATCH],
  ['index', facts.TYPE_MISC, facts.MISC_INDEX],
  ['size classes', facts.TYPE_MISC, facts.MISC_CLASSES],
  ['slab', facts.TYPE_SLAB, 0],
  ['zspage', facts.TYPE_ZSPAGE, 0],
  ['anonymous folio', facts.TYPE_ANON_FOLIO, 0],
  ['being freed', facts.TYPE_FREEING, 0],
  ['isolated', facts.TYPE_ISOLATED, 0],
  ['poisoned', facts.TYPE_POISONED, 0],
  ['eviction queues', facts.TYPE_MISC, facts.MISC_QUEUE],
];

/** Codes from here on are the numbers of users' types. */
export const FIRST_USER_CODE: number = facts.FIRST_USER_TYPE;
/** A word that has no name here. */
export const UNKNOWN: number = FIRST_USER_CODE - 1;
/** Every code is below. */
export const CODES: number = FIRST_USER_CODE + facts.USER_TYPES;

const SUBTYPES = 256;
const codeOfType = new Uint8Array(facts.TYPE_MASK + 1).fill(UNKNOWN);
const codeOfSubtype = new Uint8Array(SUBTYPES).fill(UNKNOWN);
for (const [code, [, type, subtype]] of uses.entries()) {
  if (type === facts.TYPE_MISC) codeOfSubtype[subtype] = code;
  else codeOfType[type] = code;
}
for (let type = FIRST_USER_CODE; type < CODES; type++) codeOfType[type] = type;

/** The code of a page word. */
export function codeOf(word: number): number {
  const type = word & facts.TYPE_MASK;
  return type === facts.TYPE_MISC
    ? codeOfSubtype[(word >>> facts.MISC_SUBTYPE_SHIFT) & 255]!
    : codeOfType[type]!;
}

/** The name of a type that a user registered. */
export function userTypeName(
  kernel: Pick<KernelExports, 'typeNameAt'>,
  memory: WebAssembly.Memory,
  type: number,
): string {
  const at = kernel.typeNameAt(type) >>> 0;
  const bytes = new Uint8Array(memory.buffer, at, facts.TYPE_NAME_BYTES).slice();
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
