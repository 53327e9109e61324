/** The judge of the kernel's memory tells what is in use from what is not. */
import assert from 'node:assert/strict';
import * as facts from '../../src/generated/facts.ts';
import { testsApart } from './engine/apart.ts';
import type { Machine, Site } from './engine/index.ts';
import { loadKernel, newFolio, runScenario } from './kernel-model.ts';
import { judgeKernelAccess } from './lifetimes.ts';

const test = testsApart(import.meta.url);

test('pages and objects may be touched while they are in use', async () => {
  const judge = ({ words }: Machine, address: number, length: number, atomic = false): string =>
    judgeKernelAccess(
      words,
      address,
      length,
      { atomic, functionName: '' } as Site,
      (at) => words[at]!,
    );
  const check = (machine: Machine): void => {
    const { main } = machine;
    const { pfn, id, name } = newFolio(main);
    const desc = id << 5;
    const page = pfn << facts.PAGE_SHIFT;
    assert.equal(judge(machine, page, facts.PAGE_BYTES), '');
    assert.equal(judge(machine, desc, 16), '');
    main.callNow('freeFolio', name);
    assert.equal(judge(machine, page + facts.PAGE_BYTES - 4, 8), `page ${pfn}, which is free`);
    assert.equal(judge(machine, page, 4, true), `page ${pfn}, which is free`);
    // The refs of a folio descriptor may be looked at, and nothing else of it.
    assert.equal(judge(machine, desc + 4, 4, true), '');
    for (const [at, atomic] of [
      [4, false],
      [0, true],
      [12, false],
    ] as const) {
      assert.match(judge(machine, desc + at, 4, atomic), /^object \d+ of a slab of cache \d/);
    }
  };
  const rule = 'none: what is judged is the state before any step';
  const scenario = { name: 'none', rule, bound: 0, threads: [async () => {}], check };
  assert.equal((await runScenario(loadKernel, scenario)).failure?.message, undefined);
});
