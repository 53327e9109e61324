/**
 * Stands for the supervisor's program in bundles for browsers, which have no such thread:
 * package.json's `browser` says so to bundlers.
 */
export const supervisorProgram: string = '';
