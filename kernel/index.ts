/**
 * The kernel's face: what TypeScript may call. A file of exports/ for each subject.
 *
 * Numbers cross the border as i32 or f64 (64-bit integers would become BigInts). Results below 0
 * are ERR_… codes. src/border/kernel.ts alone knows these exports; its callers check arguments.
 */
export { compress, decompress } from './codec/lz4';
export * from './exports/cache';
export * from './exports/clock';
export * from './exports/compaction';
export { describePage } from './exports/describe';
export * from './exports/entries';
export * from './exports/folios';
export * from './exports/grace';
export * from './exports/lease';
export * from './exports/near';
export * from './exports/objects';
export * from './exports/pages';
export * from './exports/pools';
export * from './exports/spaces';
export * from './exports/statistics';
export { poisonPage, unpoisonPage } from './exports/withdraw';
export * from './exports/zone';
