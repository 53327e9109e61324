/** Mutants of giving back what a dead thread had in zsmalloc: who does may die as well. */
import type { Mutant } from './mutant.ts';

const scenarios = ['reap-killed'];

export const reapMutants: Mutant[] = [
  {
    name: 'what is given back stands in two states after a death',
    edits: [['  repairTransfer(thread);\n', '']],
    scenarios,
  },
  {
    name: 'own cells leave the dead state before they stand in another',
    edits: [
      [
        '    self.ownCell = cell;\n    if (!isSelf) thread.ownCell = 0;\n',
        '    if (!isSelf) thread.ownCell = 0;\n    self.ownCell = cell;\n',
      ],
    ],
    scenarios,
  },
  {
    name: 'own patterns leave the dead state before they stand in another',
    edits: [
      [
        '  self.ownPattern = pattern;\n  if (!isSelf) thread.ownPattern = 0;\n',
        '  if (!isSelf) thread.ownPattern = 0;\n  self.ownPattern = pattern;\n',
      ],
    ],
    scenarios,
  },
  {
    name: 'zspages stay the dead thread’s while another frees them',
    edits: [['  takeForFree(desc, selfSlot());\n  if (thread.emptied', '  if (thread.emptied']],
    scenarios,
  },
  {
    name: 'a batch keeps what was given back',
    edits: [['if (!isTakenOut(handle, slot) || isAmong', 'if (isAmong']],
    scenarios,
  },
  {
    name: 'handles leave a dead batch before they are free',
    edits: [
      [
        '  zsRelease(handle);\n  if (waitingCount(thread) != 0',
        '  dropLastWaiting(thread);\n  zsRelease(handle);\n  if (false',
      ],
    ],
    scenarios,
  },
  {
    name: 'the list of empty zspages begins with one that is another’s',
    edits: [
      [
        '  while (thread.emptied != 0 && !isFreedBy(thread.emptied, slot)) {\n    thread.emptied = peekWord(linkAt(thread.emptied));\n  }\n',
        '',
      ],
    ],
    scenarios,
  },
  {
    name: 'a death is told again by who comes after one that died when it had told it',
    edits: [
      [
        '  if (isTold(owner, count) || owner == supervisor()) return;',
        '  if (owner == supervisor()) return;',
      ],
    ],
    scenarios: ['death-told'],
  },
  {
    name: 'what was not published counts as told',
    edits: [
      [
        'for (let back: u32 = 1; back <= min(count, RECORDS - 1); back++)',
        'for (let back: u32 = 0; back <= min(count, RECORDS - 1); back++)',
      ],
    ],
    scenarios: ['death-told'],
  },
  {
    name: 'a slot is released before its death is told',
    edits: [
      [
        '    tellDeath(slot, pages);\n    releaseSlot(slot);\n',
        '    releaseSlot(slot);\n    tellDeath(slot, pages);\n',
      ],
    ],
    scenarios: ['death-told'],
  },
  {
    name: 'a death counts before its record stands',
    edits: [
      ['  storeWord(DEATHS_STATE, count + 1);\n', ''],
      [
        '  storeWord(ownerAt(count), owner);\n',
        '  storeWord(DEATHS_STATE, count + 1);\n  storeWord(ownerAt(count), owner);\n',
      ],
    ],
    scenarios: ['death-told'],
  },
];
