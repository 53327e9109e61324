/** What another thread is told of an error: bytes, and back. */
import { BusyError, ComputeError, type RemoteError } from '../../errors.ts';
import type { Key } from '../transfer/transfer.ts';

/** 1 KiB of text each, and a name. */
const MAX_TEXT = 1024;
const MAX_NAME = 100;

/** Bytes that tell of whatever a user's function has thrown. */
export function tellError(error: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(describe(error)));
}

/** The error for a caller in another thread. */
export function toldError(bytes: Uint8Array): ComputeError {
  return new ComputeError(JSON.parse(new TextDecoder().decode(bytes)) as RemoteError);
}

/** Its fields may be getters that throw: then they are not told. */
function describe(error: unknown): RemoteError {
  const field = (name: string): unknown => {
    try {
      return (error as Record<string, unknown> | null | undefined)?.[name];
    } catch {
      return undefined;
    }
  };
  const code = field('code');
  return {
    name: textOf(field('name') ?? typeof error, MAX_NAME),
    message: textOf(field('message') ?? error, MAX_TEXT),
    code:
      typeof code === 'number' ? code : typeof code === 'string' ? cut(code, MAX_NAME) : undefined,
    text: textOf(field('stack') ?? '', MAX_TEXT),
  };
}

function textOf(value: unknown, length: number): string {
  try {
    return cut(String(value), length);
  } catch {
    return 'an error that cannot be told';
  }
}

function cut(text: string, length: number): string {
  return text.slice(0, length);
}

/** Of a caller that would wait for himself. */
export function busy(key: Key): BusyError {
  const name = typeof key === 'string' ? `'${key.slice(0, 40)}'` : 'this key';
  return new BusyError(`waiting for ${name} here would be waiting for this thread itself`);
}
