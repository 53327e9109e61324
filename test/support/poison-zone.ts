/** Poisons a zone: as a thread does that finds an invariant broken. */
import * as facts from '../../src/generated/facts.ts';
import { offsetOf } from './structures.ts';

export function poisonZone(memory: WebAssembly.Memory, fault: number = facts.FAULT_TRAP): void {
  const at = facts.SUPERBLOCK + offsetOf('Superblock', 'fault');
  Atomics.store(new Int32Array(memory.buffer), at / 4, fault);
}
