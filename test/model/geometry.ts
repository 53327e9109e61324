/**
 * The geometry of the kernel that is searched, for scenarios that fill a line, a ring, a page of a
 * queue. What both are is read from the kernel's sources, as src/generated is.
 */
import { readFileSync } from 'node:fs';
import { constants } from '../../scripts/kernel-facts.ts';

export type Geometry = Readonly<Record<string, number>>;

function read(file: string): Geometry {
  const source = readFileSync(new URL(`../../kernel/base/${file}.ts`, import.meta.url), 'utf8');
  return Object.fromEntries(constants([source]));
}

export const shippedGeometry: Geometry = read('geometry');
export const smallGeometry: Geometry = read('geometry-small');

let current: Geometry = shippedGeometry;

/** Said before a scenario is set up. */
export function useGeometry(geometry: Geometry): void {
  current = geometry;
}

/** One of its numbers. */
export function geometryOf(name: string): number {
  const value = current[name];
  if (value === undefined) throw new Error(`the geometry has no ${name}`);
  return value;
}
