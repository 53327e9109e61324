/**
 * The Nodes that documents and programs run on: the oldest and the newest that the package
 * promises.
 *
 * They come from the registry, as binaries for Linux on x64 (test/nodes/). Elsewhere the Node that
 * called npm and the pinned one take their place, and the tests' names say which ran.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
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
  if (!paths.every((path) => existsSync(path))) {
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--silent'], { cwd: folder });
  }
  return paths;
}

function nodeAt(path: string): Node {
  const version = execFileSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim();
  return { path, version, major: Number.parseInt(version, 10) };
}
