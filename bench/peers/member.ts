/**
 * A member of the crew of yardsticks: bare operations, in a module and in JavaScript.
 */
import { nsOf, serve } from '../crew.ts';

export type Yardstick =
  | 'kernel add pair'
  | 'Atomics add pair'
  | 'array load'
  | 'write words'
  | 'page copy';

export interface Setup {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
}

export interface Request {
  yardstick: Yardstick;
  /** Words, or pages, that take turns: a power of two. One word is what all threads fight for. */
  things: number;
  ms: number;
}

/** Operations in one call; a look at the clock is as long as a few of them. */
const PASS = 1000;
/** Words from one cache line to the next. */
const LINE = 16;
/** The step of bench/kernel/yardsticks.ts. */
const STEP = 389;

type Loop = (start: number, things: number, count: number, thread: number) => void;

function atomicsAddPairs(words: Int32Array): Loop {
  return (start, things, pairs) => {
    for (let i = 0; i < pairs; i++) {
      const at = (((start + i) * STEP) & (things - 1)) * LINE;
      Atomics.add(words, at, 1);
      Atomics.sub(words, at, 1);
    }
  };
}

serve<Setup, Request>(({ module, memory }, index) => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const { addPairs, loadWords, writeWords, copyPages } = exports as unknown as Record<string, Loop>;
  const loops: Record<Yardstick, Loop> = {
    'kernel add pair': addPairs!,
    'Atomics add pair': atomicsAddPairs(new Int32Array(memory.buffer)),
    'array load': loadWords!,
    'write words': writeWords!,
    'page copy': copyPages!,
  };
  return ({ yardstick, things, ms }, meet) => {
    const loop = loops[yardstick];
    // Threads begin half a round apart.
    let start = index * (things >> 1);
    meet();
    return nsOf(PASS, ms, () => {
      loop(start, things, PASS, index);
      start = (start + PASS) & 0xffff;
    });
  };
});
