/** How the kernel is compiled: one place for the build and for whoever compiles it changed. */

/** Options of every variant. */
export const commonFlags: string[] = [
  ...['--runtime', 'stub', '--importMemory', '--sharedMemory'],
  ...['--initialMemory', '64', '--maximumMemory', '65535'],
  ...['--enable', 'threads,simd,bulk-memory'],
  ...['--use', 'abort='],
];

/** What ships is optimised, and keeps function names until it is embedded. */
export const releaseFlags: string[] = [
  ...['-O3', '--noAssert', '--debug'],
  // Not a warning: making a slab takes an object, the descriptor, which is then an ordinary call.
  ...['--transform', './build/scripts/kernel-transform.js', '--disableWarning', '217'],
];

/** Asserts the contexts that functions ask for, and fills pages: for tests. */
export const debugFlags: string[] = ['-O1', '--debug', '--use', 'PAGELESS_DEBUG=1'];
