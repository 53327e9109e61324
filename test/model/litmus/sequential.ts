/**
 * What sequential consistency allows: the outcomes of all interleavings of a shape, by running
 * them.
 *
 * An outcome is a number, two bits a word: register i at bit 2i, variable i at bit 8 + 2i. The same
 * number is made from memory after a round (source.ts).
 *
 *   allowed     = outcomes of all interleavings of statements
 *   serial      = outcomes of running whole threads one after the other; part of allowed
 *   interleaved = allowed - serial: to see one proves that threads met in the middle
 *   forbidden   = everything else
 */
import { type Program, REGISTERS, type Statement, VARIABLES } from './shapes.ts';

const VARIABLE_SHIFT = 2 * REGISTERS;

/** How many outcomes can be written down. */
export const OUTCOMES: number = 1 << (2 * (REGISTERS + VARIABLES));

export interface Outcomes {
  allowed: ReadonlySet<number>;
  interleaved: ReadonlySet<number>;
}

export function outcomesOf({ threads }: Program): Outcomes {
  const allowed = new Set<number>();
  const serial = new Set<number>();
  const walk = (next: readonly number[], state: number, running: number, isSerial: boolean) => {
    if (next.every((at, i) => at === threads[i]!.length)) {
      allowed.add(state);
      if (isSerial) serial.add(state);
      return;
    }
    for (const [i, at] of next.entries()) {
      const step = threads[i]![at];
      if (step === undefined) continue;
      const isBroken = i !== running && running >= 0 && next[running]! < threads[running]!.length;
      walk(next.with(i, at + 1), run(step, state), i, isSerial && !isBroken);
    }
  };
  walk(new Array<number>(threads.length).fill(0), 0, -1, true);
  return { allowed, interleaved: new Set([...allowed].filter((outcome) => !serial.has(outcome))) };
}

function run({ kind, variable, operand, guard }: Statement, state: number): number {
  if (guard && (wordAt(state, 2 * guard.register) === 0) !== guard.isNegated) return state;
  const at = VARIABLE_SHIFT + 2 * variable;
  if (kind === 'write') return (state & ~(3 << at)) | (operand << at);
  return (state & ~(3 << (2 * operand))) | (wordAt(state, at) << (2 * operand));
}

function wordAt(state: number, bit: number): number {
  return (state >>> bit) & 3;
}

/** Whether an outcome has the named registers and variables. */
export function matches(program: Program, outcome: number, words: Record<string, number>): boolean {
  return Object.entries(words).every(([name, value]) => {
    const variable = program.variables.indexOf(name);
    const bit = variable < 0 ? 2 * Number(name.slice(1)) : VARIABLE_SHIFT + 2 * variable;
    return wordAt(outcome, bit) === value;
  });
}

/** For people: `r0=1 r1=0 x=1 y=1`. */
export function describeOutcome(program: Program, outcome: number): string {
  const read = program.threads.flat().filter(({ kind }) => kind === 'read');
  const registers = [...new Set(read.map(({ operand }) => operand))].sort();
  return [
    ...registers.map((i) => `r${i}=${wordAt(outcome, 2 * i)}`),
    ...program.variables.map((name, i) => `${name}=${wordAt(outcome, VARIABLE_SHIFT + 2 * i)}`),
  ].join(' ');
}
