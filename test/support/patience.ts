/**
 * How long a test waits for what must happen in the end: less than the five minutes that it is
 * given, so that it can still say what it has waited for, and more than any machine takes.
 */
export const PATIENCE_MS = 240_000;
