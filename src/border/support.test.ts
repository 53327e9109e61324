/** Where shared memory or WebAssembly is missing or forbidden: import works, and errors say why. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { isSupported, SharedCache, UnsupportedError, whyUnsupported } from '../index.ts';

// Built: Node's own loader of TypeScript needs WebAssembly.
const index = new URL('../../dist/index.js', import.meta.url).href;

/** What a program prints that prepares its realm, imports the package, asks, and creates. */
function tryIn(prepare: string, command: string[] = [process.execPath]): string[] {
  const source = `${prepare};
    const { isSupported, SharedCache, whyUnsupported } = await import('${index}');
    console.log(isSupported(), whyUnsupported());
    try {
      new SharedCache({ maxSize: '4MiB' }).set('key', new Uint8Array(9));
      console.log('created');
    } catch (error) {
      console.log(error.name, error.code, error.message);
    }
    process.exit();`;
  const [program = '', ...flags] = command;
  const { stdout, stderr } = spawnSync(program, [...flags, '--input-type=module', '-e', source], {
    encoding: 'utf8',
  });
  const lines = stdout.trimEnd().split('\n');
  assert.equal(lines.length, 2, stdout + stderr);
  return lines;
}

const isUnsupported = /^UnsupportedError ERR_PAGELESS_UNSUPPORTED pageless cannot be used here: /;

test('here caches can be had', () => {
  assert.equal(isSupported(), true);
  assert.equal(whyUnsupported(), undefined);
  assert.equal(SharedCache.isSupported(), true);
  assert.equal(SharedCache.whyUnsupported(), undefined);
  assert.equal(new UnsupportedError('for a reason').code, 'ERR_PAGELESS_UNSUPPORTED');
});

const realms: [what: string, prepare: string, reason: RegExp][] = [
  ['without isolation', 'delete globalThis.SharedArrayBuffer', /Cross-Origin-Opener-Policy/],
  [
    'in no secure context',
    'globalThis.crossOriginIsolated = globalThis.isSecureContext = false',
    /HTTPS/,
  ],
  ['said not to be isolated', 'globalThis.crossOriginIsolated = false', /Cross-Origin-Embedder/],
  ['without WebAssembly', 'delete globalThis.WebAssembly', /no WebAssembly/],
  [
    'whose policy forbids compiling',
    `WebAssembly.Module = function Module() { throw new WebAssembly.CompileError('refused'); }`,
    /'wasm-unsafe-eval'/,
  ],
  [
    'with no address space',
    `WebAssembly.Memory = class Memory { constructor() { throw new RangeError('none'); }
       get buffer() { return undefined; } }`,
    /ulimit -v.*--disable-wasm-trap-handler.*24\.21/,
  ],
];

for (const name of ['TextEncoder', 'TextDecoder', 'crypto', 'performance', 'atob', 'setTimeout']) {
  const reason = new RegExp(`there is no global ${name} here`);
  realms.push([`without ${name}`, `delete globalThis.${name}`, reason]);
}
realms.push([
  'with the language alone',
  `const { createContext, runInContext } = await import('node:vm');
    const names = runInContext('Object.getOwnPropertyNames(globalThis)', createContext());
    for (const name of Object.getOwnPropertyNames(globalThis)) {
      if (![...names, 'process'].includes(name)) delete globalThis[name];
    }`,
  /there is no global TextEncoder here/,
]);

for (const [what, prepare, reason] of realms) {
  test(`a realm ${what}: import works, creation names what is missing`, () => {
    const [asked = '', created = ''] = tryIn(prepare);
    assert.match(asked, /^false /);
    assert.match(asked, reason);
    assert.match(created, isUnsupported);
    assert.match(created, reason);
  });
}

test('a process that is short of address space works, or names the limit', () => {
  const limited = ['bash', '-c', `ulimit -v 6000000; exec '${process.execPath}' "$@"`, 'node'];
  const [asked = '', created = ''] = tryIn('', limited);
  if (asked.startsWith('true')) assert.equal(created, 'created');
  else assert.match(created, /ulimit -v/);
});
