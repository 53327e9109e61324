/** The kernel's structures as `pageless layout` shows them: their lengths, and where fields are. */
import * as facts from '../../src/generated/facts.ts';

function structureOf(structure: string): facts.StructureFacts {
  const found = facts.structures.find(({ name }) => name === structure);
  if (found === undefined) throw new Error(`the kernel has no ${structure}`);
  return found;
}

export function bytesOf(structure: string): number {
  return structureOf(structure).bytes;
}

/** Where a field of a structure begins. */
export function offsetOf(structure: string, field: string): number {
  const found = structureOf(structure).fields.find(({ name }) => name === field);
  if (found === undefined) throw new Error(`${structure} has no field ${field}`);
  return found.offset;
}

/** Address of a field of a thread's slot. */
export function wordOfSlot(slot: number, field: string): number {
  return facts.SLOT_TABLE + slot * facts.SLOT_BYTES + offsetOf('ThreadSlot', field);
}
