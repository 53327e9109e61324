/** The operations' numbers in the inKernel cell: what a call of the kernel is about. */

export const OP_DETACH: u32 = 1;
export const OP_RECOVER: u32 = 2;
export const OP_CHECK: u32 = 3;
export const OP_PAGES: u32 = 4;
export const OP_FOLIO: u32 = 5;
export const OP_FORMAT_STORE: u32 = 6;
export const OP_READ: u32 = 7;
export const OP_WRITE: u32 = 8;
export const OP_DELETE: u32 = 9;
export const OP_ATTACH: u32 = 10;
export const OP_OBJECT: u32 = 11;
export const OP_POOL: u32 = 12;
export const OP_COMPACT: u32 = 13;
/**
 * Of OP_FOLIO, those of which a thread that is cut short has to know more: memdesc/pin-ledger.ts.
 */
export const OP_PUT: u32 = 14;
export const OP_LOCK: u32 = 15;
