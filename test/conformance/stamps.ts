/** Pages that say whose they are: the same number in the first and the last byte pair of each. */
import assert from 'node:assert/strict';

const PAGE = 4096;

export function stamp(bytes: Uint8Array, owner: number): void {
  for (let page = 0; page < bytes.length; page += PAGE) {
    for (const at of [page, page + PAGE - 2]) bytes.set([owner & 255, owner >> 8], at);
  }
}

/** Fails on a page with other contents than its owner's: nobody's, or somebody else's. */
export function assertStamped(bytes: Uint8Array, owner: number): void {
  for (let page = 0; page < bytes.length; page += PAGE) {
    for (const at of [page, page + PAGE - 2]) {
      const seen = bytes[at]! | (bytes[at + 1]! << 8);
      assert.equal(seen, owner & 0xffff, `page ${page / PAGE} of ${bytes.length / PAGE}`);
    }
  }
}
