/**
 * Row `delete-tag-100k` of suite `api`: ns of one `deleteTag` that 100,000 entries die of. The goal
 * is 50,000. The peer is a `delete` of one of them. Each round sets all entries anew, with another
 * tag; what is called once after that finds no processor's cache warm, whatever it is.
 */
import { SharedCache } from '../../src/index.ts';
import { type Result, roundsInTurn, rowOf, type SuiteOptions } from '../suite.ts';

const NAME = 'delete-tag-100k';
const ROUNDS = 9;
const WARM_UP = 2;
const ENTRIES = 100_000;

export async function tagRows({ isTiny, rows }: SuiteOptions): Promise<Result[]> {
  if (!(rows?.test(NAME) ?? true)) return [];
  const entries = isTiny ? 1000 : ENTRIES;
  using cache = new SharedCache({ maxSize: '64MiB', values: 'string' });
  let round = 0;
  /** ns of a call that comes after all entries were set. */
  const after = (call: (tag: string) => unknown) => async (): Promise<number> => {
    const tag = `tag ${round++}`;
    for (let i = 0; i < entries; i++) cache.set(`key ${i}`, `value ${i}`, { tags: [tag] });
    const start = performance.now();
    call(tag);
    const ns = (performance.now() - start) * 1e6;
    if (cache.has('key 0')) throw new Error('an entry of the tag lives');
    return ns;
  };
  const subjects = new Map([
    ['deleteTag', after((tag) => cache.deleteTag(tag))],
    ['delete', after(() => cache.delete('key 0'))],
  ]);
  if (!isTiny) await roundsInTurn(WARM_UP, subjects);
  const figures = await roundsInTurn(isTiny ? 1 : ROUNDS, subjects);
  return [rowOf(NAME, 'ns', figures.get('deleteTag')!, ['delete of one', figures.get('delete')!])];
}
