/** What a block holds, as the lab's mixes name it. */
export const KIND_ZSPAGE: u32 = 0;
export const KIND_FOLIO: u32 = 1;
export const KIND_SLAB: u32 = 2;
/** Pages that need no more than a type and an order. */
export const KIND_BARE: u32 = 3;
