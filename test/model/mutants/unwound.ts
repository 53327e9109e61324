/** Mutants of the repair that a thread does for itself, when a call of it was cut short. */
import type { Mutant } from './mutant.ts';

export const unwoundMutants: Mutant[] = [
  {
    name: 'who halts says so after the stop word',
    edits: [['  setInKernel(operation | AT_SAFEPOINT, 0);\n  return halt', '  return halt']],
    scenarios: ['recover-unwound'],
  },
  {
    name: 'who was unwound leaves its own stop to others',
    edits: [
      [
        'return stopper != selfSlot() && slotState(stopper) == SLOT_LIVE;',
        'return slotState(stopper) == SLOT_LIVE;',
      ],
    ],
    scenarios: ['recover-unwound', 'stopper-unwound'],
  },
  {
    name: 'a repair of oneself leaves out the floors',
    edits: [['  repairLowerFloors(slot);\n  if (slotOf(slot).page', '  if (slotOf(slot).page']],
    scenarios: ['alloc-free-unwound', 'slab-free-unwound'],
  },
  {
    name: 'sheaves stay in the racks after the repair',
    edits: [['  forgetRacks();\n', '']],
    scenarios: ['slab-free-unwound'],
  },
  {
    name: 'zspages stay a thread’s own after the repair',
    edits: [['  forgetActives();\n', '']],
    scenarios: ['emptied-unwound'],
  },
  {
    name: 'who was unwound counts as alive',
    edits: [
      [
        'return slotState(slot) == SLOT_LIVE && (operationOf(slot) & UNWOUND) == 0;',
        'return slotState(slot) == SLOT_LIVE;',
      ],
    ],
    scenarios: ['slab-free-unwound'],
  },
  {
    name: 'a put that was cut short is forgotten',
    edits: [
      ['  const isPending = isPut && subject != 0', '  const isPending = false && subject != 0'],
    ],
    scenarios: ['put-unwound'],
  },
  {
    name: 'a split that was cut short stays frozen',
    edits: [['if (desc != 0 && isInHand(desc, slot)) settle', 'if (false) settle']],
    scenarios: ['split-unwound', 'shrink-unwound'],
  },
  {
    name: 'an attach that was cut short keeps its slot',
    edits: [['  if (operationOf(slot) == 0) setInKernel(OP_ATTACH, 0);\n', '']],
    scenarios: ['attach-unwound'],
  },
  {
    name: 'who is forsaken once poisons the zone',
    edits: [
      ['    if (wasForsaken) fail(FAULT_FORSAKEN, whose);\n', '    fail(FAULT_FORSAKEN, whose);\n'],
    ],
    scenarios: ['forsaken'],
  },
];
