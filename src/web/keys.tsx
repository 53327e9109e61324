/**
 * Keys of the cache that contain a text: shown as texts, whatever they are.
 */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Model } from './model.ts';

interface Found {
  isBusy: boolean;
  keys: string[];
}

export function Keys({ model }: { model: Model }): JSX.Element {
  const [found, setFound] = useState<Found | undefined>();
  const [find, setFind] = useState('');
  const ask = async (event: Event) => {
    event.preventDefault();
    const path = `/keys?zone=${model.shown}&find=${encodeURIComponent(find)}`;
    setFound((await model.connection.ask(path)) as Found | undefined);
  };
  return (
    <form class="keys" onSubmit={ask}>
      <label>
        Containing{' '}
        <input type="text" value={find} onInput={(event) => setFind(event.currentTarget.value)} />
      </label>
      <button type="submit">Find</button>
      {found?.isBusy && <p>The program is busy.</p>}
      {found && !found.isBusy && found.keys.length === 0 && <p>None was met.</p>}
      <ul>
        {found?.keys.map((key) => (
          <li key={key}>{key}</li>
        ))}
      </ul>
    </form>
  );
}
