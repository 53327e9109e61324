/**
 * A *site* is one memory instruction of the module under test, known by a number.
 *
 * The instrumented module says only "site 17 is about to touch address 4096"; everything static
 * about the instruction is in the site table. A copy has two sites, one for the bytes it reads and
 * one for those it writes.
 */
import binaryen from 'binaryen';
import { type Expr, exprClass } from './ir-walk.ts';

export type Op =
  | ('load' | 'store' | 'cas' | 'wait' | 'notify')
  | ('add' | 'sub' | 'and' | 'or' | 'xor' | 'xchg')
  | ('copy from' | 'copy to' | 'fill' | 'init');

export interface Site {
  readonly id: number;
  /** Name of the function that holds the instruction after inlining. */
  readonly functionName: string;
  readonly op: Op;
  /** Bytes; 0 where the length is only known when it runs (copy, fill). */
  readonly width: number;
  readonly atomic: boolean;
  readonly reads: boolean;
  readonly writes: boolean;
}

/** What an instruction is, before it has a number and a place. */
export interface Shape {
  op: Op;
  width: number;
  atomic: boolean;
  /** Static offset added to the address operand. */
  offset: number;
}

const RMW_OPS: [number, Op][] = [
  [binaryen.AtomicRMWAdd, 'add'],
  [binaryen.AtomicRMWSub, 'sub'],
  [binaryen.AtomicRMWAnd, 'and'],
  [binaryen.AtomicRMWOr, 'or'],
  [binaryen.AtomicRMWXor, 'xor'],
  [binaryen.AtomicRMWXchg, 'xchg'],
];

/** Bytes that each vector load and lane access touches, by Binaryen's name of the operation. */
const VECTOR_WIDTHS: [string, number][] = [
  ['Load8SplatVec128', 1],
  ['Load16SplatVec128', 2],
  ['Load32SplatVec128', 4],
  ['Load64SplatVec128', 8],
  ['Load8x8SVec128', 8],
  ['Load8x8UVec128', 8],
  ['Load16x4SVec128', 8],
  ['Load16x4UVec128', 8],
  ['Load32x2SVec128', 8],
  ['Load32x2UVec128', 8],
  ['Load32ZeroVec128', 4],
  ['Load64ZeroVec128', 8],
  ['Load8LaneVec128', 1],
  ['Load16LaneVec128', 2],
  ['Load32LaneVec128', 4],
  ['Load64LaneVec128', 8],
  ['Store8LaneVec128', 1],
  ['Store16LaneVec128', 2],
  ['Store32LaneVec128', 4],
  ['Store64LaneVec128', 8],
];

const constants = binaryen as unknown as Record<string, number>;
const rmwOps = new Map(RMW_OPS);
const vectorWidths = new Map(VECTOR_WIDTHS.map(([name, width]) => [constants[name]!, width]));

/** Reads op, width and offset of a memory instruction; null for any other expression. */
export function shapeOf(expr: Expr, kind: string): Shape | null {
  const face = exprClass(kind);
  const field = (name: string): number => face[`get${name}`]!(expr);
  switch (kind) {
    case 'Load':
    case 'Store': {
      const op = kind === 'Load' ? 'load' : 'store';
      const atomic = Boolean(face.isAtomic!(expr));
      return { op, width: field('Bytes'), atomic, offset: field('Offset') };
    }
    case 'AtomicRMW': {
      const op = rmwOps.get(field('Op'));
      if (op === undefined) throw new Error(`unknown atomic operation ${field('Op')}`);
      return { op, width: field('Bytes'), atomic: true, offset: field('Offset') };
    }
    case 'AtomicCmpxchg':
      return { op: 'cas', width: field('Bytes'), atomic: true, offset: field('Offset') };
    case 'SIMDLoad':
    case 'SIMDLoadStoreLane': {
      const isStore = kind !== 'SIMDLoad' && Boolean(face.isStore!(expr));
      const width = vectorWidths.get(field('Op'));
      if (width === undefined) throw new Error(`unknown vector operation ${field('Op')}`);
      return { op: isStore ? 'store' : 'load', width, atomic: false, offset: field('Offset') };
    }
    default:
      return null;
  }
}

/** True when the operation may change the bytes it names. */
export function writesMemory(op: Op): boolean {
  return op !== 'load' && op !== 'wait' && op !== 'notify' && op !== 'copy from';
}

/** True when the operation depends on the bytes it names. */
export function readsMemory(op: Op): boolean {
  return !(op === 'store' || op === 'notify' || op === 'copy to' || op === 'fill' || op === 'init');
}

/** For people: `cas32`, `load64 (plain)`, `copy to`. */
export function describeOp(site: Site): string {
  const width = site.width === 0 || site.op === 'notify' ? '' : String(site.width * 8);
  return `${site.op}${width}${site.atomic ? '' : ' (plain)'}`;
}
