/** The configuration of docs/guides/frameworks.md, whose files rows.ts writes to guide/. */
import { dirname } from 'node:path';
import guide from './guide/next.config.mjs';

const turbopack = { root: dirname(import.meta.dirname) };
export default { ...guide, cacheComponents: true, partialPrefetching: true, turbopack };
