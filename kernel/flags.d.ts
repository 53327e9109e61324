/**
 * Build flags, set by `asc --use NAME=VALUE`; `isDefined(NAME)` asks whether one was given.
 * Nothing here exists at run time.
 */
/** Asserts, and pages filled when taken and given back. */
declare const PAGELESS_DEBUG: bool;
/** Two words a page instead of one: see memdesc/page-word.ts. */
declare const PAGELESS_TWO_WORD: bool;
/** A record of 64 bytes a page instead of words and descriptors: the lab's baseline (lab/). */
declare const PAGELESS_STRUCT_PAGE: bool;
