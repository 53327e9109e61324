/** Poisons a zone: as a thread does that finds an invariant broken. */
import * as facts from '../../src/generated/facts.ts';

export function poisonZone(memory: WebAssembly.Memory): void {
  const { fields } = facts.structures.find(({ name }) => name === 'Superblock')!;
  const { offset } = fields.find(({ name }) => name === 'fault')!;
  const words = new Int32Array(memory.buffer);
  Atomics.store(words, (facts.SUPERBLOCK + offset) / 4, facts.FAULT_TRAP);
}
