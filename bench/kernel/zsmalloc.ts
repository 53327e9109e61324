/**
 * Bench build of the kernel: all of it as it ships, and the loops of suite `zsmalloc` inside.
 *
 * Like those of loops.ts they run inside the module, so that what is measured is the allocator and
 * not the calls from JavaScript, and some hundred rounds share one begin and end.
 */
import { inputScratch } from '../../kernel/memdesc/thread-pages';
import { leaveSection } from '../../kernel/thread/rcu';
import { enterKernel, leaveKernel } from '../../kernel/thread/stop';
import { zsAllocIn, zsRelease, zsSettle } from '../../kernel/zsmalloc/alloc';
import * as face from '../../kernel/zsmalloc/malloc';
import { zsPlace, zsWrite } from '../../kernel/zsmalloc/object';

export * from '../../kernel/index';

/** As the inKernel word names what goes on here; no operation of the face has this number. */
const OP_BENCH: u32 = 0x80;

function end(): void {
  leaveSection();
  leaveKernel();
}

/** Allocates an object, writes it and frees it, as the store does with what nobody saw. */
export function repeatRaw(pool: u32, bytes: u32, rounds: u32): void {
  enterKernel(OP_BENCH);
  const from: usize = inputScratch();
  for (let i: u32 = 0; i < rounds; i++) {
    const handle = zsAllocIn(pool << 12, bytes);
    if (handle == 0) unreachable();
    zsWrite(zsPlace(handle), 0, from, bytes);
    zsSettle(handle);
    zsRelease(handle);
  }
  end();
}

/** The same by the public face: handles are checked, and what is freed waits for a grace period. */
export function repeatChecked(pool: u32, bytes: u32, rounds: u32): void {
  enterKernel(OP_BENCH);
  for (let i: u32 = 0; i < rounds; i++) {
    const handle = face.zsMalloc(pool << 12, bytes);
    if (handle < 0) unreachable();
    if (face.zsOverwrite(pool << 12, u64(handle), bytes) != 0) unreachable();
    if (face.zsFree(pool << 12, u64(handle)) != 0) unreachable();
    // As the end of a call does: a grace period can pass.
    leaveSection();
  }
  end();
}

/** The copy alone. */
export function repeatCopy(to: usize, bytes: u32, rounds: u32): void {
  enterKernel(OP_BENCH);
  const from: usize = inputScratch();
  for (let i: u32 = 0; i < rounds; i++) memory.copy(to + (i & 15) * bytes, from, bytes);
  end();
}
