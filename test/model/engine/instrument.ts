/**
 * Puts a call of the checker before every memory instruction of a finished module.
 *
 * The pass runs on the optimised binary that ships, not on its source: what the optimiser folded,
 * merged or dropped is what is checked. It evaluates all operands of an instruction into locals
 * *first* and calls the checker after that, directly before the instruction, so that no other
 * memory access lies between the report and the access (with `store(p, load(q))` the order of
 * reports is load, store). Each operand is evaluated once.
 *
 *   plain access   model.plain(site, address, length)              only told
 *   atomic access  if (model.step(site, address, width)) model.suspend()
 *   wait           r = model.wait(site, address, lo, hi, timeoutNs); r < 0 ? model.suspend() : r
 *   notify         r = model.notify(site, address, count);           r < 0 ? model.suspend() : r
 *
 * wait and notify vanish from the module: one real thread runs all virtual ones. Only `suspend` is
 * a suspending import; a thread that goes on running pays 20 ns for `step` instead of 90. The
 * address includes the static offset. Mutable globals (a thread's own variables) are exported as
 * `model.global.N` so that the machine can reset an instance without making a new one.
 *
 * Refused: data segments that every instance would write again, memory.grow, 64-bit memories,
 * exception handling, tables in motion. `atomic.fence` has no address and needs no step: every
 * atomic access is sequentially consistent already.
 */
import binaryen from 'binaryen';
import { type Expr, type ExprClass, exprClass, rewrite } from './ir-walk.ts';
import { type Op, readsMemory, type Shape, type Site, shapeOf, writesMemory } from './site.ts';

export interface Instrumented {
  bytes: Uint8Array;
  /** The same module reporting only writes, waits and notifies: for setup and check. */
  quietBytes: Uint8Array;
  sites: Site[];
  /** Number of exports `model.global.0…`. */
  globalCount: number;
}

export const IMPORT_MODULE = 'model';
export const GLOBAL_PREFIX = 'model.global.';

/** Operands before the last one, and the last one, behind which the report goes. */
const OPERANDS: Record<string, { early: string[]; last: string }> = {
  Load: { early: [], last: 'Ptr' },
  Store: { early: ['Ptr'], last: 'Value' },
  AtomicRMW: { early: ['Ptr'], last: 'Value' },
  AtomicCmpxchg: { early: ['Ptr'], last: 'Replacement' },
  SIMDLoad: { early: [], last: 'Ptr' },
  SIMDLoadStoreLane: { early: ['Ptr'], last: 'Vec' },
  MemoryCopy: { early: ['Dest', 'Source'], last: 'Size' },
  MemoryFill: { early: ['Dest'], last: 'Size' },
  MemoryInit: { early: ['Dest'], last: 'Size' },
};

const { i32, i64, f64, none } = binaryen;

/** Entries of Binaryen's C interface that its JavaScript face leaves out. */
const raw = binaryen as unknown as {
  _BinaryenFunctionAddVar(fn: number, type: number): number;
  _BinaryenFunctionSetBody(fn: number, body: Expr): void;
  _BinaryenGetDataSegmentPassive(segment: number): number;
  _BinaryenGetNumDataSegments(module: number): number;
};
const { _BinaryenFunctionAddVar: addLocal, _BinaryenGetDataSegmentPassive: isPassive } = raw;

/** Instruments one module; `bytes` are those of a finished binary, best with function names. */
export function instrument(bytes: Uint8Array): Instrumented {
  const { bytes: quietBytes } = pass(bytes, true);
  return { ...pass(bytes, false), quietBytes };
}

function pass(original: Uint8Array, writesOnly: boolean): Omit<Instrumented, 'quietBytes'> {
  const module = binaryen.readBinaryWithFeatures(original, binaryen.Features.All);
  const debugInfo = binaryen.getDebugInfo();
  try {
    refuseUnsupported(module);
    const sites: Site[] = [];
    const count = module.getNumFunctions();
    const functions = Array.from({ length: count }, (_, i) => module.getFunctionByIndex(i));
    addImports(module);
    for (const fn of functions) instrumentFunction({ module, fn, sites, writesOnly });
    const globalCount = exportGlobals(module);
    if (!module.validate()) throw new Error('the instrumented module is not valid');
    binaryen.setDebugInfo(true);
    return { bytes: module.emitBinary(), sites, globalCount };
  } finally {
    binaryen.setDebugInfo(debugInfo);
    module.dispose();
  }
}

function refuseUnsupported(module: binaryen.Module): void {
  const memory = module.hasMemory() ? module.getMemoryInfo() : null;
  if (memory === null || memory.module === null) throw new Error('the memory must be imported');
  if (memory.is64) throw new Error('64-bit memories are not supported');
  for (let i = 0; i < raw._BinaryenGetNumDataSegments(module.ptr); i++) {
    if (!isPassive(module.getDataSegmentByIndex(i))) {
      throw new Error('an active data segment would be written again by every instance');
    }
  }
}

function addImports(module: binaryen.Module): void {
  const access = binaryen.createType([i32, i32, i32]);
  const wait = binaryen.createType([i32, i32, i32, i32, f64]);
  const add = (name: string, params: number, result: number): void =>
    module.addFunctionImport(`model.${name}`, IMPORT_MODULE, name, params, result);
  add('plain', access, none);
  add('step', access, i32);
  add('wait', wait, i32);
  add('notify', access, i32);
  add('suspend', none, i32);
}

/** Exports every mutable global; returns their number. */
function exportGlobals(module: binaryen.Module): number {
  let count = 0;
  for (let i = 0; i < module.getNumGlobals(); i++) {
    const info = binaryen.getGlobalInfo(module.getGlobalByIndex(i));
    if (!info.mutable || info.module) continue;
    const resettable = [i32, i64, binaryen.f32, f64].includes(info.type);
    if (!resettable) throw new Error(`global ${info.name} cannot be reset from outside`);
    module.addGlobalExport(info.name, `${GLOBAL_PREFIX}${count++}`);
  }
  return count;
}

/** Everything needed while one function is rewritten. */
interface Context {
  module: binaryen.Module;
  fn: number;
  name: string;
  sites: Site[];
  writesOnly: boolean;
}

function instrumentFunction(target: Omit<Context, 'name'>): void {
  const info = binaryen.getFunctionInfo(target.fn);
  if (info.module) return;
  const context: Context = { ...target, name: info.name };
  const body = rewrite(info.body, (expr, kind) => visit(context, expr, kind));
  if (body !== info.body) raw._BinaryenFunctionSetBody(target.fn, body);
}

function visit(context: Context, expr: Expr, kind: string): Expr {
  if (kind === 'AtomicWait') return modelledWait(context, expr);
  if (kind === 'AtomicNotify') return modelledNotify(context, expr);
  const operands = OPERANDS[kind];
  if (operands === undefined || isDead(expr, kind)) return expr;
  const face = exprClass(kind);
  const early = operands.early.map((name) => {
    const saved = save(context, face[`get${name}`]!(expr));
    face[`set${name}`]!(expr, saved.tee);
    return saved;
  });
  const last = save(context, face[`get${operands.last}`]!(expr));
  const reports = reportsFor(context, expr, kind, early, last);
  const value = context.module.block(null, [last.set, ...reports, last.get()], last.type);
  face[`set${operands.last}`]!(expr, value);
  return expr;
}

/** An operand of type unreachable: the instruction never runs, and has no value to save. */
function isDead(expr: Expr, kind: string): boolean {
  const { early, last } = OPERANDS[kind]!;
  const face = exprClass(kind);
  const typeOf = (name: string): number =>
    binaryen.getExpressionType(face[`get${name}`]!(expr) as number);
  return [...early, last].some((name) => typeOf(name) === binaryen.unreachable);
}

interface Saved {
  type: number;
  set: Expr;
  tee: Expr;
  get(): Expr;
}

/** A fresh local for an operand; exactly one of `set` and `tee` may be used. */
function save({ module, fn }: Context, operand: Expr): Saved {
  const type = binaryen.getExpressionType(operand);
  const index = addLocal(fn, type);
  return {
    type,
    get set() {
      return module.local.set(index, operand);
    },
    get tee() {
      return module.local.tee(index, operand, type);
    },
    get: () => module.local.get(index, type),
  };
}

function newSite(context: Context, shape: Omit<Shape, 'offset'>): number {
  const { op, width, atomic } = shape;
  const id = context.sites.length;
  const [reads, writes] = [readsMemory(op), writesMemory(op)];
  context.sites.push({ id, functionName: context.name, op, width, atomic, reads, writes });
  return id;
}

function reportsFor(ctx: Context, expr: Expr, kind: string, early: Saved[], last: Saved): Expr[] {
  const shape = shapeOf(expr, kind);
  if (shape === null) return rangeReports(ctx, kind, early, last);
  const { module } = ctx;
  const site = newSite(ctx, shape);
  if (ctx.writesOnly && !writesMemory(shape.op)) return [];
  const base = (early[0] ?? last).get();
  const address =
    shape.offset === 0 ? base : module.i32.add(base, module.i32.const(shape.offset | 0));
  const args = [module.i32.const(site), address, module.i32.const(shape.width)];
  if (!shape.atomic) return [module.call('model.plain', args, none)];
  const suspend = module.drop(module.call('model.suspend', [], i32));
  return [module.if(module.call('model.step', args, i32), suspend)];
}

/** A copy reports the bytes read, then the bytes written; fill and init only the latter. */
function rangeReports(ctx: Context, kind: string, early: Saved[], last: Saved): Expr[] {
  const { module } = ctx;
  const report = (op: Op, start: Saved): Expr[] => {
    const site = newSite(ctx, { op, width: 0, atomic: false });
    if (ctx.writesOnly && !writesMemory(op)) return [];
    return [module.call('model.plain', [module.i32.const(site), start.get(), last.get()], none)];
  };
  if (kind !== 'MemoryCopy') return report(kind === 'MemoryFill' ? 'fill' : 'init', early[0]!);
  return [...report('copy from', early[1]!), ...report('copy to', early[0]!)];
}

function modelledWait(context: Context, expr: Expr): Expr {
  const { module } = context;
  const face = exprClass('AtomicWait');
  const width = (face.getExpectedType!(expr) as number) === i64 ? 8 : 4;
  const pointer = save(context, withOffset(module, expr, face));
  const expected = save(context, face.getExpected!(expr));
  const timeout = save(context, face.getTimeout!(expr));
  const shift = module.i64.extend_u(module.i32.const(32));
  const [lo, hi] =
    width === 4
      ? [expected.get(), module.i32.const(0)]
      : [module.i32.wrap(expected.get()), module.i32.wrap(module.i64.shr_u(expected.get(), shift))];
  const site = module.i32.const(newSite(context, { op: 'wait', width, atomic: true }));
  const args = [site, pointer.get(), lo, hi, module.f64.convert_s.i64(timeout.get())];
  const call = module.call('model.wait', args, i32);
  return answered(context, [pointer.set, expected.set, timeout.set], call);
}

function modelledNotify(context: Context, expr: Expr): Expr {
  const { module } = context;
  const face = exprClass('AtomicNotify');
  const pointer = save(context, withOffset(module, expr, face));
  const count = save(context, face.getNotifyCount!(expr));
  const site = module.i32.const(newSite(context, { op: 'notify', width: 4, atomic: true }));
  const call = module.call('model.notify', [site, pointer.get(), count.get()], i32);
  return answered(context, [pointer.set, count.set], call);
}

/** Address operand of a wait or notify, whose static offset Binaryen keeps in the instruction. */
function withOffset(module: binaryen.Module, expr: Expr, face: ExprClass): Expr {
  const pointer: Expr = face.getPtr!(expr);
  const text = binaryen.emitText(expr).split('\n')[0]!;
  const offset = Number(/offset=(\d+)/.exec(text)?.[1] ?? 0);
  return offset === 0 ? pointer : module.i32.add(pointer, module.i32.const(offset | 0));
}

/** The operands, then the call; a negative answer means: the answer comes from `suspend`. */
function answered({ module, fn }: Context, before: Expr[], call: Expr): Expr {
  const answer = addLocal(fn, i32);
  const waiting = module.i32.lt_s(module.local.tee(answer, call, i32), module.i32.const(0));
  const suspend = module.call('model.suspend', [], i32);
  const value = module.if(waiting, suspend, module.local.get(answer, i32));
  return module.block(null, [...before, value], i32);
}
