/**
 * The package as npm packs it, and folders in which somebody has installed it.
 *
 * Made of what the build left in dist/: packing runs no script here, so that tests that run beside
 * each other never find dist/ half-written.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root: string = fileURLToPath(new URL('../..', import.meta.url));

export interface Packed {
  /** Where it is unpacked. */
  folder: string;
  tarball: string;
}

/** Packs and unpacks; gone when the process ends. */
export function packed(): Packed {
  const place = temporary();
  const flags = ['pack', '--silent', '--ignore-scripts', '--pack-destination', place];
  const name = execFileSync('npm', flags, { cwd: root, encoding: 'utf8' }).trim();
  const tarball = join(place, name);
  execFileSync('tar', ['xzf', tarball, '-C', place]);
  return { folder: join(place, 'package'), tarball };
}

/**
 * A folder where `npm init -y` was run and the package installed, beside these development
 * dependencies of this checkout.
 */
export function installed(packageFolder: string, others: readonly string[] = []): string {
  const place = temporary();
  execFileSync('npm', ['init', '-y', '--silent'], { cwd: place });
  mkdirSync(join(place, 'node_modules'));
  symlinkSync(packageFolder, join(place, 'node_modules/pageless'));
  for (const name of others) {
    symlinkSync(join(root, 'node_modules', name), join(place, 'node_modules', name));
  }
  return place;
}

function temporary(): string {
  const place = mkdtempSync(join(tmpdir(), 'pageless-pack-'));
  process.on('exit', () => rmSync(place, { recursive: true, force: true }));
  return place;
}
