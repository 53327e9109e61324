/**
 * Stands for cache/saved/{save,restore}.ts in bundles for browsers, where there are no files.
 */
import { UnsupportedError } from '../errors.ts';

export async function saveCache(): Promise<never> {
  throw new UnsupportedError('browsers have no files');
}

export async function openSaved(): Promise<never> {
  throw new UnsupportedError('browsers have no files');
}
