/** What the engine's tests share: the programs at fixed addresses, and scenarios over them. */
import { type Body, explore, type Report, type Scenario } from './index.ts';
import { programs } from './programs.ts';

/** A scenario of the programs, without what is the same for all. */
export type Case = Omit<Scenario, 'wasm' | 'memory'>;

const wasm = await programs();
export const TOP = 64;
export const LOCK = 128;
export const COUNTER = 192;
export const FLAG = 256;
export const GATE = 320;
const [A, B] = [1024, 1040];

const NAMES = new Map([
  [TOP, 'top'],
  [LOCK, 'lock'],
  [COUNTER, 'counter'],
  [FLAG, 'flag'],
  [GATE, 'gate'],
]);

export function run(scenario: Case): Promise<Report> {
  const nameOf = (address: number): string => NAMES.get(address) ?? String(address);
  return explore({ wasm, memory: { pages64k: 64 }, nameOf, ...scenario });
}

/** A body that makes the given calls, one after the other. */
export function calling(...calls: [string, ...(number | bigint)[]][]): Body {
  return async (thread) => {
    for (const [name, ...args] of calls) await thread.call(name, ...args);
  };
}

export function copies(count: number, body: Body): Body[] {
  return Array.from({ length: count }, () => body);
}

export function expectWord(address: number, expected: number): NonNullable<Scenario['check']> {
  return (machine) => {
    const found = machine.load(address);
    if (found !== expected) throw new Error(`${NAMES.get(address)} is ${found}, not ${expected}`);
  };
}

/** One thread pops; the other pops two nodes and pushes the first one back. */
export function stackScenario(pop: string, push: string): Case {
  return {
    setup: ({ main }) => {
      main.callNow(push, TOP, B);
      main.callNow(push, TOP, A);
    },
    threads: [
      (thread) => thread.call(pop, TOP),
      async (thread) => {
        const first = (await thread.call(pop, TOP)) as number;
        const second = (await thread.call(pop, TOP)) as number;
        if (first !== 0) await thread.call(push, TOP, first);
        return second;
      },
    ],
    check: ({ results, main }) => {
      const left = main.callNow(pop, TOP);
      const owned = [...results, left].filter((node) => node !== 0);
      if (new Set(owned).size !== owned.length) throw new Error(`a node has two owners: ${owned}`);
    },
  };
}

/** Two threads add to two words under a lock; one of them may be killed. */
export function lockScenario(recovery?: string): Case {
  const recover: Scenario['recover'] = (thread, victim) =>
    thread.call(recovery!, LOCK, victim + 1, COUNTER);
  return {
    threads: [calling(['addLocked', LOCK, 1, COUNTER]), calling(['addLocked', LOCK, 2, COUNTER])],
    ...(recovery === undefined ? {} : { recover }),
    kills: 1,
    check: (machine) => {
      const [first, second] = [machine.load(COUNTER), machine.load(COUNTER + 4)];
      if (first !== second) throw new Error(`torn: ${first}, ${second}`);
      if (machine.load(LOCK) !== 0) throw new Error('still locked');
    },
  };
}

/** What no search can go through: the body does more the first time, and each second time after. */
export function fickle(): Body {
  let turn = 0;
  return async (thread) => {
    if (turn++ % 2 === 0) await thread.call('addWhole', COUNTER);
    await thread.call('addWhole', COUNTER);
  };
}
