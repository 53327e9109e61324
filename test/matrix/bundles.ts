/**
 * Bundles of the programs, by four bundlers, each as its manual says: for Node as ES module and as
 * CommonJS, and for a page with its worker.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { here } from './commands.ts';

// The matrix has a lock file and node_modules of its own; its tools come without types here.
const require = createRequire(join(here, 'package.json'));
type Tool = Record<string, (options: unknown, done?: unknown) => unknown>;
const tool = async (name: string): Promise<Tool> => {
  const module = await import(require.resolve(name));
  return module.default?.build || module.default?.rollup ? module.default : module;
};

export type Format = 'esm' | 'cjs';

/** Names of the entries and files of programs/. */
type Entries = Record<string, string>;

interface Bundler {
  name: string;
  forNode(entries: Entries, out: string, format: Format): Promise<void>;
  forPages(entries: Entries, out: string): Promise<void>;
}

const extensionOf = { esm: 'mjs', cjs: 'cjs' };

const esbuild: Bundler = {
  name: 'esbuild',
  async forNode(entryPoints, outdir, format) {
    const { build } = await tool('esbuild');
    const outExtension = { '.js': `.${extensionOf[format]}` };
    const more = { platform: 'node', bundle: true, logLevel: 'error' };
    await build!({ entryPoints, outdir, format, outExtension, ...more });
  },
  async forPages(entryPoints, outdir) {
    const { build } = await tool('esbuild');
    const more = { platform: 'browser', format: 'esm', bundle: true, minify: true };
    await build!({ entryPoints, outdir, logLevel: 'error', ...more });
  },
};

const rollup: Bundler = {
  name: 'rollup',
  async forNode(input, dir, format) {
    await rolled(input, { dir, format, entryFileNames: `[name].${extensionOf[format]}` }, [
      /^node:/,
    ]);
  },
  async forPages(input, dir) {
    await rolled(input, { dir, format: 'esm', entryFileNames: '[name].js' }, []);
  },
};

async function rolled(input: Entries, output: object, external: RegExp[]): Promise<void> {
  const { rollup } = await tool('rollup');
  const { nodeResolve } = await import(require.resolve('@rollup/plugin-node-resolve'));
  const isForPages = external.length === 0;
  const plugins = [nodeResolve({ browser: isForPages })];
  const bundle = (await rollup!({ input, external, plugins })) as {
    write(output: object): Promise<void>;
  };
  await bundle.write(output);
}

const webpack: Bundler = {
  name: 'webpack',
  async forNode(entry, path, format) {
    const library = format === 'esm' ? { type: 'module' } : { type: 'commonjs2' };
    const filename = `[name].${extensionOf[format]}`;
    const experiments = { outputModule: format === 'esm' };
    const output = {
      path,
      filename,
      library,
      chunkFormat: format === 'esm' ? 'module' : 'commonjs',
    };
    await packed({ entry, target: 'node20', output, experiments });
  },
  async forPages(entry, path) {
    await packed({ entry, target: 'web', output: { path, filename: '[name].js' } });
  },
};

async function packed(options: object): Promise<void> {
  const pack = require('webpack') as (options: object, done: Done) => void;
  type Done = (error: Error | null, stats?: { hasErrors(): boolean; toString(): string }) => void;
  await new Promise<void>((resolve, reject) => {
    pack({ mode: 'production', context: here, ...options }, (error, stats) => {
      if (error || stats?.hasErrors()) reject(error ?? new Error(`${stats}`));
      else resolve();
    });
  });
}

const vite: Bundler = {
  name: 'vite',
  async forNode(input, outDir, format) {
    const { build } = await tool('vite');
    const output = { format, entryFileNames: `[name].${extensionOf[format]}` };
    const bundling = { ssr: true, outDir, rollupOptions: { input, output } };
    const common = { root: here, configFile: false, logLevel: 'error' };
    await build!({ ...common, ssr: { noExternal: true }, build: bundling });
  },
  async forPages(input, outDir) {
    const { build } = await tool('vite');
    const output = { format: 'esm', entryFileNames: '[name].js' };
    const bundling = { outDir, rollupOptions: { input, output }, modulePreload: false };
    await build!({ root: here, configFile: false, logLevel: 'error', build: bundling });
  },
};

export const bundlers: readonly Bundler[] = [esbuild, rollup, webpack, vite];

/** What each bundle for Node does: the programs of these names. */
const programs = ['share', 'kill'];

/** @returns a bundle of each program */
export async function bundleForNode(bundler: Bundler, format: Format): Promise<string[]> {
  const files: string[] = [];
  for (const name of programs) {
    const out = fresh(`${bundler.name}-${format}-${name}`);
    await bundler.forNode({ [name]: join(here, `programs/${name}.mjs`) }, out, format);
    files.push(join(out, `${name}.${extensionOf[format]}`));
  }
  return files;
}

/** @returns the folder, with page.js and page-worker.js */
export async function bundleForPages(bundler: Bundler): Promise<string> {
  const out = fresh(`${bundler.name}-page`);
  const entries = { page: 'programs/page.mjs', 'page-worker': 'programs/page-worker.mjs' };
  const files = Object.entries(entries).map(([name, file]) => [name, join(here, file)]);
  await bundler.forPages(Object.fromEntries(files), out);
  return out;
}

function fresh(name: string): string {
  const out = join(here, '../../build/matrix', name);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  return out;
}
