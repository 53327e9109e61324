/**
 * Caches of objects as text: one line for each, like `/proc/slabinfo`, and what they waste.
 */
import type { SlabInfo } from '../inspect/slab.ts';
import { count, percent, table } from './text.ts';

const columns: [title: string, figure: (cache: SlabInfo) => string][] = [
  ['name', (cache) => cache.name],
  ['active', (cache) => count(cache.activeObjects)],
  ['sheaves', (cache) => count(cache.sheavedObjects)],
  ['objects', (cache) => count(cache.objects)],
  ['size', (cache) => count(cache.objectBytes)],
  ['per slab', (cache) => count(cache.objectsPerSlab)],
  ['slabs', (cache) => count(cache.slabs)],
  ['barn', (cache) => count(cache.barnSheaves)],
  ['used', (cache) => percent(cache.objects === 0 ? 0 : cache.activeObjects / cache.objects)],
];

export function describeSlabs(caches: SlabInfo[]): string[] {
  const rows = caches.map((cache) => columns.map(([, figure]) => figure(cache)));
  return table([columns.map(([title]) => title), ...rows]);
}
