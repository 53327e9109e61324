/**
 * A walk over Binaryen's expressions, in the order in which they are evaluated.
 *
 * Binaryen's JavaScript face has no visitor, but one class per kind of expression with a getter
 * and a setter per child. The table below names the children of each kind that a compiler to plain
 * WebAssembly emits; a kind that is missing from it is refused with its text, so that nothing that
 * could hold a memory instruction is passed over in silence. Exception handling is refused on
 * purpose: a handler would catch the throw by which the machine stops a killed thread.
 */
import binaryen from 'binaryen';

export type Expr = number;

/** Static accessors of a class of expressions, for instance `binaryen.Store`. */
export type ExprClass = Record<string, (expr: Expr, ...args: unknown[]) => never>;

/** Children in order of evaluation; `Children*Child` is a list: getNumChildren, getChildAt. */
const CHILDREN: Record<string, string> = {
  Block: 'Children*Child',
  If: 'Condition IfTrue IfFalse',
  Loop: 'Body',
  Break: 'Value Condition',
  Switch: 'Value Condition',
  Call: 'Operands*Operand',
  CallIndirect: 'Operands*Operand Target',
  LocalGet: '',
  LocalSet: 'Value',
  GlobalGet: '',
  GlobalSet: 'Value',
  Load: 'Ptr',
  Store: 'Ptr Value',
  Const: '',
  Unary: 'Value',
  Binary: 'Left Right',
  Select: 'IfTrue IfFalse Condition',
  Drop: 'Value',
  Return: 'Value',
  Nop: '',
  Unreachable: '',
  MemorySize: '',
  AtomicRMW: 'Ptr Value',
  AtomicCmpxchg: 'Ptr Expected Replacement',
  AtomicWait: 'Ptr Expected Timeout',
  AtomicNotify: 'Ptr NotifyCount',
  AtomicFence: '',
  SIMDExtract: 'Vec',
  SIMDReplace: 'Vec Value',
  SIMDShuffle: 'Left Right',
  SIMDTernary: 'A B C',
  SIMDShift: 'Vec Shift',
  SIMDLoad: 'Ptr',
  SIMDLoadStoreLane: 'Ptr Vec',
  MemoryInit: 'Dest Offset Size',
  DataDrop: '',
  MemoryCopy: 'Dest Source Size',
  MemoryFill: 'Dest Value Size',
  TupleMake: 'Operands*Operand',
  TupleExtract: 'Tuple',
};

const api = binaryen as unknown as Record<string, unknown>;

export function exprClass(kind: string): ExprClass {
  return api[kind] as ExprClass;
}

const kindOfId = new Map<number, string>(
  Object.keys(CHILDREN).map((kind) => [api[`${kind}Id`] as number, kind]),
);

/** Names the kind of an expression; throws for one that the table does not know. */
export function kindOf(expr: Expr): string {
  const kind = kindOfId.get(binaryen.getExpressionId(expr));
  if (kind === undefined) {
    throw new Error(`cannot instrument this expression: ${binaryen.emitText(expr).slice(0, 200)}`);
  }
  return kind;
}

interface Slot {
  child: Expr;
  replace(expr: Expr): void;
}

function slotsOf(expr: Expr, kind: string): Slot[] {
  const face = exprClass(kind);
  const slots: Slot[] = [];
  for (const name of CHILDREN[kind]!.split(' ').filter(Boolean)) {
    const [list, item] = name.split('*');
    if (item === undefined) {
      const child: Expr = face[`get${name}`]!(expr);
      if (child) slots.push({ child, replace: (other) => face[`set${name}`]!(expr, other) });
      continue;
    }
    const count: number = face[`getNum${list}`]!(expr);
    for (let i = 0; i < count; i++) {
      const child: Expr = face[`get${item}At`]!(expr, i);
      slots.push({ child, replace: (other) => face[`set${item}At`]!(expr, i, other) });
    }
  }
  return slots;
}

/**
 * Visits `root` and all below it, children first; what `visit` returns takes the expression's
 * place (return the expression itself to leave it).
 */
export function rewrite(root: Expr, visit: (expr: Expr, kind: string) => Expr): Expr {
  const kind = kindOf(root);
  for (const { child, replace } of slotsOf(root, kind)) {
    const other = rewrite(child, visit);
    if (other !== child) replace(other);
  }
  return visit(root, kind);
}
