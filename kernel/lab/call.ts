/**
 * What stands around each call of the lab, as around every call of the kernel's face; and notes.
 */
import { enterReading, leaveKernel } from '../thread/stop';

/** As the inKernel cell names what goes on here; no operation of the face has this number. */
export const OP_LAB: u32 = 0x80;

export function begin(): void {
  enterReading(OP_LAB);
}

export function end(): void {
  leaveKernel();
}

/** Thread-local: where this thread notes blocks, one word each. */
let notes: usize = 0;

export function setNotes(at: usize): void {
  notes = at;
}

export function noteAt(index: u32): usize {
  return notes + index * 4;
}
