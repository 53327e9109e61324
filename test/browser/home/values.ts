/** What the test page and its workers agree on. */
export interface FromWorker {
  thread: number;
  wrong: number;
  rounds: number;
}

export const KEYS = 400;

export function expectedValue(key: number): string {
  return `${key}:`.repeat(20 + (key % 200));
}
