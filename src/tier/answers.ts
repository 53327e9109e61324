/**
 * What a tier answers, tells and throws, taken with care: it is somebody else's code. What is not
 * as interface.ts says counts as a failure of the tier, like a call that rejects.
 */
import { fixedView, isBytes, lengthOf } from '../language/brands.ts';
import { show } from '../language/show.ts';
import type { TierEvent } from './interface.ts';

/** Of a message, in characters: read, and kept. */
const READ = 1000;
const KEPT = 200;
/** A URL, a user with a password, an address in numbers: what lies behind may be secret. */
const SECRETS =
  /([a-z][a-z0-9+.-]*:\/\/)\S+|[^\s:@]+:[^\s@]*@\S+|\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?/gi;

/** What `getMany` resolved to. Throws if it is none; null is nothing, as undefined is. */
export function framesOf(answer: unknown, count: number): (Uint8Array | undefined)[] {
  return listOf('getMany', answer, count).map((frame) => {
    if (frame === undefined || frame === null) return undefined;
    if (!isBytes(frame)) throw wrong('getMany', 'Uint8Array or undefined for each key', frame);
    return Buffer.isBuffer(frame) ? frame : fixedView(frame, lengthOf(frame));
  });
}

/** What `setMany` resolved to: how many are kept. Throws if it is none. */
export function keptOf(answer: unknown, count: number): number {
  const verdicts = listOf('setMany', answer, count);
  for (const verdict of verdicts) {
    if (typeof verdict !== 'boolean') throw wrong('setMany', 'a boolean for each entry', verdict);
  }
  return verdicts.filter(Boolean).length;
}

/** What the tier has told. Throws if it is no event. */
export function eventOf(told: unknown): TierEvent {
  const { type, keys, error } = Object(told) as { type?: unknown; keys?: unknown; error?: Error };
  if (type === 'cleared' || type === 'armed') return { type };
  if (type === 'lost') return { type, error };
  const expected = "an event: 'changed' with its keys, 'cleared', 'armed' or 'lost'";
  if (type !== 'changed' || !Array.isArray(keys)) throw wrong('invalidations', expected, told);
  const wrongKey = keys.findIndex((key) => !isBytes(key));
  if (wrongKey >= 0) throw wrong('invalidations', 'keys that are Uint8Arrays', keys[wrongKey]);
  return { type, keys };
}

/** What went wrong, in words without secrets. Never throws. */
export function reasonOf(error: unknown): string {
  let text: string;
  try {
    const { message } = Object(error) as { message?: unknown };
    text = typeof error === 'string' ? error : typeof message === 'string' ? message : show(error);
  } catch {
    text = show(error);
  }
  const shown = text.slice(0, READ).replace(SECRETS, (_, scheme = '') => `${scheme}…`);
  return shown.slice(0, KEPT);
}

function listOf(call: string, answer: unknown, count: number): unknown[] {
  if (!Array.isArray(answer)) throw wrong(call, 'an array', answer);
  if (answer.length === count) return Array.from(answer);
  throw wrong(call, `an array of ${count}`, `${answer.length}`);
}

function wrong(call: string, expected: string, seen: unknown): Error {
  return new TypeError(`${call} of the tier gave ${show(seen)}, expected ${expected}`);
}
