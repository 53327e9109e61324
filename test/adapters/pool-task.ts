/** A task of the pool: reads what others have written, through Keyv, and writes for them. */
import { threadId, workerData } from 'node:worker_threads';
import { Keyv } from 'keyv';
import { SharedCache } from 'pageless';
import { KeyvStore } from 'pageless/keyv';

const cache = SharedCache.attach<string>(workerData.cache);
const keyv = new Keyv({ store: new KeyvStore(cache), namespace: 'tasks' });
const errors: string[] = [];
keyv.on('error', (error: unknown) => errors.push(String(error)));

export interface Done {
  threadId: number;
  errors: string[];
  /** Earlier tasks whose values were there, and right. */
  seen: number;
}

export default async function task(index: number): Promise<Done> {
  let seen = 0;
  for (let other = Math.max(0, index - 40); other < index; other++) {
    const value = await keyv.get<{ index: number; text: string }>(`${other}`);
    if (value === undefined) continue;
    const isRight = value.index === other && value.text === `${other};`.repeat(500);
    if (!isRight) errors.push(`${other} is ${JSON.stringify(value).slice(0, 100)}`);
    seen++;
  }
  const isStored = await keyv.set(`${index}`, { index, text: `${index};`.repeat(500) }, 60_000);
  if (!isStored) errors.push(`${index} was refused`);
  return { threadId, errors: errors.splice(0), seen };
}
