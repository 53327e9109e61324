/**
 * Proves of an instrumented binary that no memory instruction is left without its report.
 *
 * The finished bytes are read again and walked in order of evaluation. A report *arms*, a memory
 * instruction *uses up* what is armed; between the two there may be nothing but `suspend`. The site
 * named by the report must have the operation and width of the instruction that follows it. As the
 * walk shares its table of children with the pass, the number of memory instructions is counted a
 * second time in the module's text, which knows nothing of that table.
 */
import binaryen from 'binaryen';
import { IMPORT_MODULE } from './instrument.ts';
import { type Expr, rewrite } from './ir-walk.ts';
import { describeOp, type Site, shapeOf } from './site.ts';

const RANGE_SITES: Record<string, string[]> = {
  MemoryCopy: ['copy from', 'copy to'],
  MemoryFill: ['fill'],
  MemoryInit: ['init'],
};

/** Every instruction of the text format that touches memory. */
const MEMORY_TEXT = new RegExp(
  [
    String.raw`\((?:i32|i64|f32|f64|v128)\.(?:atomic\.)?(?:load|store|rmw)[\w.]*`,
    String.raw`\(memory\.(?:copy|fill|init|grow|atomic\.(?:wait32|wait64|notify))`,
  ].join('|'),
  'g',
);

interface Walk {
  functionName: string;
  sites: readonly Site[];
  imports: Map<string, string>;
  armed: Site[];
  instructions: number;
  complaints: string[];
}

/** Complaints about an instrumented module; empty when every access is reported. */
export function audit(bytes: Uint8Array, sites: readonly Site[]): string[] {
  const module = binaryen.readBinaryWithFeatures(bytes, binaryen.Features.All);
  try {
    const count = module.getNumFunctions();
    const functions = Array.from({ length: count }, (_, i) =>
      binaryen.getFunctionInfo(module.getFunctionByIndex(i)),
    );
    const ours = functions.filter((fn) => fn.module === IMPORT_MODULE);
    const imports = new Map(ours.map(({ name, base }) => [name, base ?? '']));
    const complaints: string[] = [];
    let instructions = 0;
    for (const { name, module: from, body } of functions) {
      if (from) continue;
      const walk = { functionName: name, sites, imports, armed: [], instructions: 0, complaints };
      walkFunction(walk, body);
      instructions += walk.instructions;
    }
    const written = (module.emitText().match(MEMORY_TEXT) ?? []).length;
    if (written !== instructions) complaints.push(`${written} in text, ${instructions} walked`);
    return complaints;
  } finally {
    module.dispose();
  }
}

function walkFunction(walk: Walk, body: Expr): void {
  rewrite(body, (expr, kind) => {
    if (kind === 'Call') visitCall(walk, expr);
    else if (kind === 'AtomicWait' || kind === 'AtomicNotify') complain(walk, `native ${kind}`);
    else visitAccess(walk, expr, kind);
    return expr;
  });
  if (walk.armed.length > 0) complain(walk, 'a report without its access');
}

function visitCall(walk: Walk, expr: Expr): void {
  const { target, operands } = binaryen.getExpressionInfo(expr) as binaryen.CallInfo;
  const name = walk.imports.get(target);
  if (name === 'plain' || name === 'step') {
    const { value } = binaryen.getExpressionInfo(operands[0]!) as binaryen.ConstInfo;
    const site = walk.sites[value as number]!;
    if (site.atomic !== (name === 'step')) complain(walk, `site ${site.id} reports by ${name}`);
    walk.armed.push(site);
  } else if (name !== 'suspend' && walk.armed.length > 0) {
    complain(walk, `a call of ${target} between a report and its access`);
  }
}

function visitAccess(walk: Walk, expr: Expr, kind: string): void {
  const shape = shapeOf(expr, kind);
  const ranges = RANGE_SITES[kind];
  if (shape === null && ranges === undefined) return;
  if (binaryen.getExpressionType(expr) === binaryen.unreachable) return;
  walk.instructions++;
  const expected = shape === null ? ranges! : [describeOp({ ...shape, ...UNPLACED })];
  const seen = walk.armed.map((site) => (site.width === 0 ? site.op : describeOp(site)));
  if (seen.join() !== expected.join()) {
    complain(walk, `${expected.join()} is reported as ${seen.join() || 'nothing'}`);
  }
  walk.armed = [];
}

/** Fields of a site that say where it is, for a shape that has no place. */
const UNPLACED = { id: -1, functionName: '', reads: false, writes: false };

function complain({ functionName, complaints }: Walk, text: string): void {
  complaints.push(`${functionName}: ${text}`);
}
