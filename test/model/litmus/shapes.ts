/**
 * The litmus shapes: tiny programs that ask which orders of memory accesses can be seen.
 *
 * A shape has two to four threads of a few statements, separated by `;`. All variables begin as 0.
 *
 *   x=1            writes a constant, 1 to 3
 *   r0=x           reads into a register
 *   … if r0        only if the register is not 0; `if !r0` only if it is
 *
 * What is forbidden is not written down: it is every outcome (registers and final variables) that
 * no interleaving of the statements gives (sequential.ts). So `forbids` is for readers and is
 * checked against that. Each shape is run with atomic accesses and with plain ones; `payload` names
 * the variables that stay plain in both, because the protocol is there to protect them.
 *
 * Sources: the names are those of Alglave, Maranget and Tautschnig, "Herding Cats" (2014), and of
 * the Linux kernel's memory model.
 */

export interface Shape {
  name: string;
  about: string;
  threads: readonly string[];
  /** The best known outcome that is forbidden: registers and variables. */
  forbids: Readonly<Record<string, number>>;
  payload?: readonly string[];
}

export const shapes: readonly Shape[] = [
  {
    name: 'MP',
    about: 'message passing: whoever sees the flag sees the data',
    threads: ['x=1; y=1', 'r0=y; r1=x'],
    forbids: { r0: 1, r1: 0 },
  },
  {
    name: 'SB',
    about: 'store buffering: of two threads that announce and look, one sees the other',
    threads: ['x=1; r0=y', 'y=1; r1=x'],
    forbids: { r0: 0, r1: 0 },
  },
  {
    name: 'LB',
    about: 'load buffering: of two reads, one is before the write that comes after the other',
    threads: ['r0=x; y=1', 'r1=y; x=1'],
    forbids: { r0: 1, r1: 1 },
  },
  {
    name: 'R',
    about: 'who writes last looks last',
    threads: ['x=1; y=1', 'y=2; r0=x'],
    forbids: { y: 2, r0: 0 },
  },
  {
    name: 'S',
    about: 'a write that answers a message comes after the writes before the message',
    threads: ['x=2; y=1', 'r0=y; x=1'],
    forbids: { r0: 1, x: 2 },
  },
  {
    name: 'WRC',
    about: 'write to read causality: a message may be passed on',
    threads: ['x=1', 'r0=x; y=1', 'r1=y; r2=x'],
    forbids: { r0: 1, r1: 1, r2: 0 },
  },
  {
    name: 'ISA2',
    about: 'the same over another flag',
    threads: ['x=1; y=1', 'r0=y; z=1', 'r1=z; r2=x'],
    forbids: { r0: 1, r1: 1, r2: 0 },
  },
  {
    name: 'IRIW',
    about: 'independent reads of independent writes: all see one order of writes',
    threads: ['x=1', 'y=1', 'r0=x; r1=y', 'r2=y; r3=x'],
    forbids: { r0: 1, r1: 0, r2: 1, r3: 0 },
  },
  {
    name: 'CoRR',
    about: 'coherence: one word never goes back',
    threads: ['x=1', 'r0=x; r1=x'],
    forbids: { r0: 1, r1: 0 },
  },
  {
    name: 'CoWR',
    about: 'coherence: after a write, nothing older is read',
    threads: ['x=1; r0=x', 'x=2'],
    forbids: { r0: 2, x: 1 },
  },
  {
    name: 'RCU',
    about: 'publish, look whether a reader is inside, reuse the old: no reader sees it reused',
    threads: [
      'inside=1; r0=root; r1=new if r0; r1=old if !r0; inside=0',
      'new=1; root=1; r2=inside; old=2 if !r2',
    ],
    forbids: { r0: 0, r1: 2 },
    payload: ['new', 'old'],
  },
];

/** Registers and variables that a shape may have: each has two bits in an outcome. */
export const REGISTERS = 4;
export const VARIABLES = 4;

export interface Statement {
  kind: 'read' | 'write';
  /** Index of the variable. */
  variable: number;
  /** Register of a read, value of a write. */
  operand: number;
  /** Register that decides whether the statement is run. */
  guard?: { register: number; isNegated: boolean };
  isPayload: boolean;
}

export interface Program {
  shape: Shape;
  variables: readonly string[];
  threads: readonly (readonly Statement[])[];
}

/** Reads a shape; throws on what is not one. */
export function parse(shape: Shape): Program {
  const variables: string[] = [];
  const threads = shape.threads.map((text) =>
    text.split('; ').map((part) => statement(shape, variables, part)),
  );
  if (variables.length > VARIABLES) throw new RangeError(`${shape.name}: too many variables`);
  return { shape, variables, threads };
}

function statement(shape: Shape, variables: string[], text: string): Statement {
  const match = /^(?:r([0-3])=([a-z]+)|([a-z]+)=([0-3]))(?: if (!?)r([0-3]))?$/.exec(text);
  if (match === null) throw new SyntaxError(`${shape.name}: not a statement: ${text}`);
  const [, register, source, target, value, not, tested] = match;
  const name = (source ?? target)!;
  if (!variables.includes(name)) variables.push(name);
  return {
    kind: source === undefined ? 'write' : 'read',
    variable: variables.indexOf(name),
    operand: Number(register ?? value),
    ...(tested === undefined
      ? {}
      : { guard: { register: Number(tested), isNegated: not === '!' } }),
    isPayload: shape.payload?.includes(name) ?? false,
  };
}
