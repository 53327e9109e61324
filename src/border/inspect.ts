/**
 * What `console.log` shows in Node: the class and a few facts, instead of an empty object.
 *
 * Looking at a thing for a log line must not fail because it was closed, so that is what is shown
 * then.
 */
import { PagelessError } from '../errors.ts';

/** Where Node looks for a method `(depth, options, inspect) => string`. */
export const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never;

/** Node's `util.inspect`, as it hands itself to that method. */
export type Inspect = (value: unknown, options: object) => string;

/** `Kind { fact: …, fact: … }`, or why there are no facts. Cost: that of `facts`. */
export function inspectAs(
  kind: string,
  facts: () => object,
  depth: number,
  options: object,
  inspect: Inspect,
): string {
  if (depth < 0) return `[${kind}]`;
  try {
    return `${kind} ${inspect(facts(), options)}`;
  } catch (error) {
    if (!(error instanceof PagelessError)) throw error;
    return `${kind} (${error.message})`;
  }
}
