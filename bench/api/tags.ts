/**
 * Row `delete-tag-100k` of suite `api`: ns of one `deleteTag` that 100,000 entries die of. The goal
 * is 50,000. Nothing else does it in one call. Each round sets all entries anew, with another tag.
 */
import { SharedCache } from '../../src/index.ts';
import { type Result, roundsInTurn, rowOf, type SuiteOptions } from '../suite.ts';

const NAME = 'delete-tag-100k';
const ROUNDS = 9;
const ENTRIES = 100_000;

export async function tagRows({ isTiny, rows }: SuiteOptions): Promise<Result[]> {
  if (!(rows?.test(NAME) ?? true)) return [];
  const entries = isTiny ? 1000 : ENTRIES;
  using cache = new SharedCache({ maxSize: '64MiB', values: 'string' });
  let round = 0;
  const deleteTag = async (): Promise<number> => {
    const tag = `tag ${round++}`;
    for (let i = 0; i < entries; i++) cache.set(`key ${i}`, `value ${i}`, { tags: [tag] });
    const start = performance.now();
    cache.deleteTag(tag);
    const ns = (performance.now() - start) * 1e6;
    if (cache.has('key 0')) throw new Error('an entry of the tag lives');
    return ns;
  };
  const figures = await roundsInTurn(isTiny ? 1 : ROUNDS, new Map([['deleteTag', deleteTag]]));
  return [rowOf(NAME, 'ns', figures.get('deleteTag')!)];
}
