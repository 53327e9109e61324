/** The root is the matrix' folder, where the dependencies are. */
import { dirname } from 'node:path';

export default { turbopack: { root: dirname(import.meta.dirname) } };
