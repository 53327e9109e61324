/**
 * The memory layout of a zone, held still.
 *
 * Threads of one zone may run different builds of the package, and images outlive them, so what two
 * threads must agree on may change only together with FORMAT_VERSION. layout.json is that
 * agreement; PAGELESS_UPDATE_GOLDEN=1 writes it again.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import asc from 'assemblyscript/asc';
import * as facts from '../../src/generated/facts.ts';

const golden = new URL('./layout.json', import.meta.url);
const root = new URL('../../', import.meta.url);

/** Numbers that are stored in shared memory, or say where things are. */
const stored =
  /^(ZONE_MAGIC|FORMAT_VERSION|(PAGE|CHILD|TREE|SLOT|CELL|CLASS|SLAB|ZSPAGE|NODE|HEADER|OBJECT_HEADER|BLOCK|MAX|MIN)_|CACHE|CLASSES|COUNT|LIMBO|MISC|SLOT|TYPE|FAULT|OP_|UNPUBLISHED$|FROZEN$|FLAG_|FIRST_|SUPERBLOCK$|.*_STATE$)/;

function constants(): Record<string, number> {
  const all = Object.entries(facts).filter(([name]) => stored.test(name));
  return Object.fromEntries(all) as Record<string, number>;
}

test('layout.json says how a zone is laid out', () => {
  const now = { constants: constants(), structures: facts.structures };
  if (process.env.PAGELESS_UPDATE_GOLDEN) {
    const lines = facts.structures.map((one) => `    ${JSON.stringify(one)}`);
    const text = JSON.stringify(now.constants, null, 2).replaceAll('\n', '\n  ');
    writeFileSync(
      golden,
      `{\n  "constants": ${text},\n  "structures": [\n${lines.join(',\n')}\n  ]\n}\n`,
    );
  }
  assert.deepEqual(
    now,
    JSON.parse(readFileSync(golden, 'utf8')),
    'The layout has changed: raise FORMAT_VERSION in kernel/base/layout.ts, then write layout.json ' +
      'again with PAGELESS_UPDATE_GOLDEN=1',
  );
});

/** Where each structure is declared, as an import path. */
function homes(): Map<string, string> {
  const found = new Map<string, string>();
  const files = readdirSync(new URL('kernel/', root), { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((name) => /^[^.]+\.ts$/.test(name))) {
    const source = readFileSync(new URL(`kernel/${file}`, root), 'utf8');
    for (const [, name] of source.matchAll(/^export class (\w+)/gm)) {
      found.set(name!, `./kernel/${file.slice(0, -3)}`);
    }
  }
  return found;
}

/** A module of functions that give the compiler's own numbers: s0, s1, … and s0_field, … */
function offsetsSource(): string {
  const paths = homes();
  const lines = facts.structures.flatMap(({ name, fields }, i) => [
    `import { ${name} } from '${paths.get(name)}';`,
    `export function s${i}(): u32 { return offsetof<${name}>(); }`,
    ...fields.map(
      (field) =>
        `export function s${i}_${field.name}(): u32 { return offsetof<${name}>('${field.name}'); }`,
    ),
  ]);
  return lines.join('\n');
}

async function compile(source: string): Promise<Uint8Array<ArrayBuffer>> {
  let wasm: Uint8Array<ArrayBuffer> | undefined;
  const flags = '--runtime stub --importMemory --sharedMemory --initialMemory 64 --use abort=';
  const { error, stderr } = await asc.main(
    ['offsets.ts', '-o', 'offsets.wasm', ...flags.split(' '), '--maximumMemory', '65535'].concat(
      ...['--enable', 'threads'],
    ),
    {
      readFile: (name) => (name === 'offsets.ts' ? source : readIfThere(name)),
      writeFile: (_, contents) => {
        wasm = Uint8Array.from(contents as Uint8Array);
      },
      listFiles: () => [],
    },
  );
  assert.equal(error, null, stderr.toString());
  assert.ok(wasm);
  return wasm;
}

function readIfThere(name: string): string | null {
  const file = new URL(name, root);
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

test('the generated offsets are the compiler’s', async () => {
  const module = new WebAssembly.Module(await compile(offsetsSource()));
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const offsets = exports as unknown as Record<string, () => number>;
  assert.ok(facts.structures.length >= 16);
  for (const [i, { name, bytes, fields }] of facts.structures.entries()) {
    assert.equal(bytes, offsets[`s${i}`]!(), `size of ${name}`);
    for (const field of fields) {
      assert.equal(field.offset, offsets[`s${i}_${field.name}`]!(), `${name}.${field.name}`);
    }
  }
});
