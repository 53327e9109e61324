/**
 * The Nodes that documents and programs run on: the oldest and the newest that the package
 * promises.
 *
 * They come from the registry, as binaries for Linux on x64 (test/nodes/). Elsewhere the Node that
 * called npm and the pinned one take their place, and the tests' names say which ran.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './packed.ts';

export interface Node {
  path: string;
  /** `20.19.0` */
  version: string;
  major: number;
}

export function oldestAndNewest(): Node[] {
  const isThere = process.platform === 'linux' && process.arch === 'x64';
  const paths = isThere ? fetched() : [process.env.npm_node_execpath ?? '', process.execPath];
  return [...new Set(paths.filter(Boolean))].map(nodeAt);
}

function fetched(): string[] {
  const folder = join(root, 'test/nodes');
  const paths = ['oldest', 'newest'].map((name) => join(folder, 'node_modules', name, 'bin/node'));
  const isThere = () => paths.every((path) => existsSync(path));
  if (!isThere()) fetchInto(folder, isThere);
  return paths;
}

/** They come whole or not at all: test files that begin at once would run what is half there. */
function fetchInto(folder: string, isThere: () => boolean): void {
  const own = mkdtempSync(join(root, 'build/nodes-'));
  try {
    for (const file of ['package.json', 'package-lock.json']) {
      copyFileSync(join(folder, file), join(own, file));
    }
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--silent'], { cwd: own });
    renameSync(join(own, 'node_modules'), join(folder, 'node_modules'));
  } catch (error) {
    // Another process was quicker.
    if (!isThere()) throw error;
  } finally {
    rmSync(own, { recursive: true });
  }
}

function nodeAt(path: string): Node {
  const version = execFileSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim();
  return { path, version, major: Number.parseInt(version, 10) };
}
