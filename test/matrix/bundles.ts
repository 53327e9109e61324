/**
 * Bundles of the programs, by six bundlers, each as its manual says: for Node as ES module and as
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
    await packed(require('webpack'), forNode20(entry, path, format));
  },
  async forPages(entry, path) {
    await packed(require('webpack'), forWeb(entry, path));
  },
};

/** Takes the options of webpack. */
const rspack: Bundler = {
  name: 'rspack',
  async forNode(entry, path, format) {
    await packed((await tool('@rspack/core')).rspack as Pack, forNode20(entry, path, format));
  },
  async forPages(entry, path) {
    await packed((await tool('@rspack/core')).rspack as Pack, forWeb(entry, path));
  },
};

function forNode20(entry: Entries, path: string, format: Format): object {
  const isModule = format === 'esm';
  const output = {
    path,
    filename: `[name].${extensionOf[format]}`,
    library: { type: isModule ? 'module' : 'commonjs2' },
    chunkFormat: isModule ? 'module' : 'commonjs',
    module: isModule,
  };
  return { entry, target: 'node20', output, experiments: { outputModule: isModule } };
}

function forWeb(entry: Entries, path: string): object {
  return { entry, target: 'web', output: { path, filename: '[name].js' } };
}

type Done = (error: Error | null, stats?: { hasErrors(): boolean; toString(): string }) => void;
type Pack = (options: object, done: Done) => void;

async function packed(pack: Pack, options: object): Promise<void> {
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

const parcel: Bundler = {
  name: 'Parcel',
  async forNode(entries, distDir, format) {
    const outputFormat = format === 'esm' ? 'esmodule' : 'commonjs';
    const target = { context: 'node', engines: { node: '>=20' }, outputFormat };
    await parcelled(entries, distDir, extensionOf[format], target);
  },
  async forPages(entries, distDir) {
    const target = { context: 'browser', outputFormat: 'esmodule' };
    await parcelled(entries, distDir, 'js', target);
  },
};

async function parcelled(entries: Entries, distDir: string, extension: string, target: object) {
  const { Parcel } = require('@parcel/core') as { Parcel: ParcelClass };
  for (const [name, file] of Object.entries(entries)) {
    const main = { distDir, distEntry: `${name}.${extension}`, includeNodeModules: true };
    const defaultConfig = require.resolve('@parcel/config-default');
    const cacheDir = join(distDir, '../parcel-cache');
    const common = { defaultConfig, mode: 'production', shouldDisableCache: true, cacheDir };
    const targets = { main: { ...main, ...target } };
    await new Parcel({ ...common, entries: [file], targets }).run();
  }
}

type ParcelClass = new (options: object) => { run(): Promise<unknown> };

export const bundlers: readonly Bundler[] = [esbuild, rollup, webpack, rspack, vite, parcel];

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
