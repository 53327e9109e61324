/** The pass: nothing left out, addresses and order right, operands evaluated once. */
import assert from 'node:assert/strict';
import test from 'node:test';
import binaryen from 'binaryen';
import { audit } from './audit.ts';
import { instrument } from './instrument.ts';
import { programs } from './programs.ts';
import { describeOp } from './site.ts';
import { type Imports, wasm } from './wasm-api.ts';

const NUMERIC = ['i32', 'i64'].flatMap((type) => {
  const narrow = type === 'i32' ? ['8', '16'] : ['8', '16', '32'];
  const value = `(${type}.const 1)`;
  const rmw = ['add', 'sub', 'and', 'or', 'xor', 'xchg'];
  return [
    ...['', ...narrow.flatMap((w) => [`${w}_s`, `${w}_u`])].map(
      (w) => `(drop (${type}.load${w} offset=8 (i32.const 16)))`,
    ),
    ...['', ...narrow.map((w) => `${w}_u`)].map(
      (w) => `(drop (${type}.atomic.load${w} offset=8 (i32.const 16)))`,
    ),
    ...['', ...narrow].flatMap((w) => [
      `(${type}.store${w} offset=8 (i32.const 16) ${value})`,
      `(${type}.atomic.store${w} offset=8 (i32.const 16) ${value})`,
    ]),
    ...['', ...narrow].flatMap((w) => {
      const suffix = w === '' ? '' : '_u';
      return [
        ...rmw.map(
          (op) => `(drop (${type}.atomic.rmw${w}.${op}${suffix} (i32.const 16) ${value}))`,
        ),
        `(drop (${type}.atomic.rmw${w}.cmpxchg${suffix} (i32.const 16) ${value} ${value}))`,
      ];
    }),
  ];
});

const V128 = '(v128.const i64x2 0 0)';
const OTHERS = [
  '(drop (f32.load (i32.const 16)))',
  '(drop (f64.load (i32.const 16)))',
  '(f32.store (i32.const 16) (f32.const 1))',
  '(f64.store (i32.const 16) (f64.const 1))',
  '(drop (v128.load (i32.const 16)))',
  `(v128.store (i32.const 16) ${V128})`,
  ...['8_splat', '16_splat', '32_splat', '64_splat', '32_zero', '64_zero'].map(
    (form) => `(drop (v128.load${form} (i32.const 16)))`,
  ),
  ...['8x8_s', '8x8_u', '16x4_s', '16x4_u', '32x2_s', '32x2_u'].map(
    (form) => `(drop (v128.load${form} (i32.const 16)))`,
  ),
  ...['8', '16', '32', '64'].flatMap((width) => [
    `(drop (v128.load${width}_lane 0 (i32.const 16) ${V128}))`,
    `(v128.store${width}_lane 0 (i32.const 16) ${V128})`,
  ]),
  '(memory.copy (i32.const 64) (i32.const 16) (i32.const 8))',
  '(memory.fill (i32.const 64) (i32.const 1) (i32.const 8))',
  '(memory.init $bytes (i32.const 64) (i32.const 0) (i32.const 4))',
  '(drop (memory.atomic.notify offset=4 (i32.const 16) (i32.const 1)))',
  '(drop (memory.atomic.wait32 (i32.const 16) (i32.const 1) (i64.const 0)))',
  '(drop (memory.atomic.wait64 offset=8 (i32.const 16) (i64.const 1) (i64.const 0)))',
];

function assemble(functions: string): Uint8Array {
  const module = binaryen.parseText(`(module
    (import "env" "memory" (memory 1 1 shared))
    (data $bytes "abcd")
    (global $bumps (export "bumps") (mut i32) (i32.const 0))
    (func $bump (result i32)
      (global.set $bumps (i32.add (global.get $bumps) (i32.const 1))) (i32.const 16))
    ${functions})`);
  module.setFeatures(binaryen.Features.All);
  binaryen.setDebugInfo(true);
  assert.ok(module.validate());
  return module.emitBinary();
}

/** Runs an export and lists its reports as `op@address`. */
function reportsOf(functions: string, name: string): { reports: string[]; bumps: number } {
  const { bytes, sites } = instrument(assemble(functions));
  const reports: string[] = [];
  const report = (site: number, address: number): number => {
    reports.push(`${describeOp(sites[site]!)}@${address}`);
    return 0;
  };
  const memory = new wasm.Memory({ initial: 1, maximum: 1, shared: true });
  const model = { plain: report, step: report, wait: report, notify: report, suspend: report };
  const imports: Imports = { env: { memory }, model };
  const { exports } = new wasm.Instance(new wasm.Module(bytes), imports);
  (exports[name] as () => void)();
  return { reports, bumps: (exports.bumps as { value: number }).value };
}

test('every kind of memory instruction is instrumented', () => {
  const all = [...NUMERIC, ...OTHERS];
  const { bytes, sites } = instrument(assemble(`(func (export "all") ${all.join('\n')})`));
  assert.deepEqual(audit(bytes, sites), []);
  assert.equal(sites.length, all.length + 1, 'one site each, two for the copy');
});

test('optimised AssemblyScript is instrumented completely', async () => {
  const { bytes, sites } = await programs();
  assert.deepEqual(audit(bytes, sites), []);
  assert.ok(sites.every(({ functionName }) => functionName.includes('programs/')));
});

test('the audit finds what is missing', () => {
  const bytes = assemble('(func (export "f") (i32.store (i32.const 0) (i32.const 1)))');
  assert.match(audit(bytes, [])[0]!, /store32 \(plain\) is reported as nothing/);
  const native = assemble(
    '(func (export "f") (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))',
  );
  assert.match(audit(native, []).join(), /native AtomicNotify/);
});

test('reported addresses include the static offset', () => {
  const all = `(func (export "all") ${[...NUMERIC, ...OTHERS].join('\n')})`;
  const { reports } = reportsOf(all, 'all');
  const withOffset = [...NUMERIC, ...OTHERS].filter((text) => text.includes('offset=8')).length;
  assert.equal(reports.filter((report) => report.endsWith('@24')).length, withOffset);
  assert.ok(reports.includes('notify@20'));
});

test('a store is reported after its value has been computed', () => {
  const nested = `(func (export "f")
    (i32.atomic.store (i32.const 8)
      (i32.add (i32.atomic.load (i32.const 16)) (i32.load (i32.const 20)))))`;
  const { reports } = reportsOf(nested, 'f');
  assert.deepEqual(reports, ['load32@16', 'load32 (plain)@20', 'store32@8']);
});

test('operands are evaluated once', () => {
  const body = `(func (export "f")
    (i32.atomic.store (call $bump) (call $bump))
    (drop (i32.atomic.rmw.cmpxchg (call $bump) (call $bump) (call $bump)))
    (memory.copy (call $bump) (call $bump) (call $bump))
    (drop (memory.atomic.notify (call $bump) (call $bump)))
    (drop (memory.atomic.wait32 (call $bump) (call $bump) (i64.const 0))))`;
  assert.equal(reportsOf(body, 'f').bumps, 12);
});

test('instructions without operands and dead code are passed over', () => {
  const { bytes, sites } = instrument(
    assemble(`(func (export "f")
      (nop)
      (if (i32.load (i32.const 0)) (then (i32.store (unreachable) (i32.const 1))))
      (i32.store (i32.const 4) (i32.const 1))
      (unreachable))`),
  );
  assert.deepEqual(audit(bytes, sites), []);
  assert.equal(sites.length, 2);
});

test('what the machine could not put back is refused', () => {
  const module = binaryen.parseText(`(module
    (import "env" "memory" (memory 1 1 shared)) (data (i32.const 0) "abcd"))`);
  module.setFeatures(binaryen.Features.All);
  assert.throws(() => instrument(module.emitBinary()), /active data segment/);
  const grow = '(func (export "f") (drop (memory.grow (i32.const 1))))';
  assert.throws(() => instrument(assemble(grow)), /cannot instrument this expression/);
});
