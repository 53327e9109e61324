/**
 * Whether a write that waits is still to leave, when another thread of this process, which has a
 * queue of its own, may have written the key since.
 *
 *   send    it is the last, as far as is known
 *   drop    the other one has what is newer, and sends it
 *   remove  nobody is known to send what is newer, or which came first is unknown: the tier had
 *           better have nothing
 */
import { bytesOf } from './frame-memory.ts';
import type { KeyName } from './key-name.ts';
import type { LocalWrites } from './local-writes.ts';
import type { Write } from './write.ts';

export type Verdict = 'send' | 'remove' | 'drop';

/** What a queue knows of other threads. */
export interface Others {
  readonly writes: LocalWrites;
  /** Whether a key has the value of a frame here. */
  isHere(name: KeyName, frame: Uint8Array): boolean;
}

/** What other threads have done since decides. */
export function judge(write: Write, { writes, isHere }: Others): Verdict {
  const { name, frame, clears, others, isDoubtful } = write;
  const isCleared = clears !== writes.clears;
  const standing = isCleared ? 'superseded' : writes.standing(name, others);
  if (standing === 'last') return 'send';
  const isOver = standing === 'superseded' && !isDoubtful;
  if (frame === undefined) return isOver ? 'drop' : 'send';
  // Two keys may have the same mark.
  if (!isCleared && isHere(name, bytesOf(frame))) return 'send';
  return isOver ? 'drop' : 'remove';
}
