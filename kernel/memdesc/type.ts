/**
 * Page types: the low 5 bits of every page word and of every header's flags.
 *
 * Numbers are fixed: images and reports carry them. *Inline* types keep their state in the page
 * word itself; *descriptor* types have a memory descriptor, and the word is its address with the
 * type in the low bits (descriptors are 32-byte aligned).
 *
 *   0–7    inline        8–23   descriptors of the kernel        24–31  reserved for users
 */
export const TYPE_MASK: u32 = 31;

/** Free, or in the hands of an operation that has not published it yet. */
export const TYPE_FREE: u32 = 0;
/** Allocated without a descriptor: order and subtype (page-word.ts). */
export const TYPE_MISC: u32 = 1;
/** Being freed, by the slot:8 at bit 5, with order:4 at bit 13. Pages in stock have word 0. */
export const TYPE_FREEING: u32 = 2;
/** Emptied, and kept from everybody by who compacts: bit 9 (compact/isolate.ts). */
export const TYPE_ISOLATED: u32 = 3;
/** Damaged or withdrawn; never handed out. */
export const TYPE_POISONED: u32 = 4;
/** Two-word layout only: allocated, and described by the allocatee's word. order:4 at bit 5. */
export const TYPE_ALLOCATED: u32 = 7;

export const FIRST_DESCRIPTOR_TYPE: u32 = 8;
export const TYPE_SLAB: u32 = 8;
export const TYPE_FILE_FOLIO: u32 = 9;
export const TYPE_ANON_FOLIO: u32 = 10;
export const TYPE_ZSPAGE: u32 = 11;

/** What users register (user-type.ts): FIRST_USER_TYPE + 0 … USER_TYPES − 1. */
export const FIRST_USER_TYPE: u32 = 24;
export const USER_TYPES: u32 = 8;

/** Subtypes of Misc: whose pages these are. */
export const MISC_USER: u32 = 0;
/** Superblock, slots, page map, frame metadata. */
export const MISC_ZONE: u32 = 1;
/** A thread's scratch. */
export const MISC_SCRATCH: u32 = 2;
/** Leaves and directories of the index, and the store's journals. */
export const MISC_INDEX: u32 = 3;
/** Tables of zsmalloc's size classes. */
export const MISC_CLASSES: u32 = 4;
/** A thread's page: its stock of pages and the like. */
export const MISC_THREAD: u32 = 5;
/** Queues and ghosts of eviction. */
export const MISC_QUEUE: u32 = 6;

export function isDescriptorType(type: u32): bool {
  return type >= FIRST_DESCRIPTOR_TYPE;
}

export function isUserType(type: u32): bool {
  return type >= FIRST_USER_TYPE;
}
