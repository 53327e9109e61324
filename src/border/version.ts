/**
 * Which version of the package this is, and with which it shares memory.
 *
 * Threads of one zone run the same protocols, and copies of the package in one thread share its
 * registry: their *ABI* must be the same. It is the zone's format and what semantic versioning
 * promises: the minor version of 0.x, the major version from 1.0 on. docs/VERSIONS.md tells users.
 */
import * as facts from '../generated/facts.ts';
import { packageVersion } from '../generated/version.ts';

/** As handles and errors say it. */
export const ownVersion: string = `${packageVersion} (zone format ${facts.FORMAT_VERSION})`;

/** What is the same in all versions that work together: `0.1 (zone format 14)`. */
export function abiOf(version: string): string {
  return version.replace(/^(0\.\d+|[1-9]\d*)\.\S*/, '$1');
}

/** This version's. */
export const abi: string = abiOf(ownVersion);
