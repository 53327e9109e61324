/**
 * Keys of the cache that contain a text: shown as texts, whatever they are.
 */
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { Model } from './model.ts';

interface Found {
  isBusy: boolean;
  keys: string[];
}

/** What is said in place of keys; undefined if there are some. */
function saidOf(found: Found | 'unanswered'): string | undefined {
  if (found === 'unanswered') return 'There was no answer.';
  if (found.isBusy) return 'The program is busy.';
  return found.keys.length === 0 ? 'None was met.' : undefined;
}

export function Keys({ model }: { model: Model }): JSX.Element {
  const [found, setFound] = useState<Found | 'unanswered'>();
  const [find, setFind] = useState('');
  const questions = useRef(0);
  const ask = async (event: Event) => {
    event.preventDefault();
    const path = `/keys?zone=${model.shown}&find=${encodeURIComponent(find)}`;
    const question = ++questions.current;
    const answer = (await model.connection.ask(path)) as Found | undefined;
    // Of two questions the first may be answered last.
    if (question === questions.current) setFound(answer ?? 'unanswered');
  };
  const said = found && saidOf(found);
  return (
    <form class="keys" onSubmit={ask}>
      <label>
        Containing{' '}
        <input type="text" value={find} onInput={(event) => setFind(event.currentTarget.value)} />
      </label>
      <button type="submit">Find</button>
      {said && <p>{said}</p>}
      <ul>
        {(found === 'unanswered' ? [] : found?.keys)?.map((key) => (
          <li key={key}>{key}</li>
        ))}
      </ul>
    </form>
  );
}
