/**
 * Stands for cache/save.ts and cache/restore.ts in bundles for browsers, where there are no files.
 */
import { BadImageError } from '../errors.ts';

export async function saveCache(_saved: unknown, file: string): Promise<never> {
  throw new BadImageError(file, 'browsers have no files', 'saved cache');
}

export async function openSaved(file: string): Promise<never> {
  throw new BadImageError(file, 'browsers have no files', 'saved cache');
}
