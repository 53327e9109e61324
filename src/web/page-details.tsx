/**
 * What `describe` says of the page that was chosen, asked again each second.
 */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { SeenPage } from '../inspect/figures.ts';
import type { Model } from './model.ts';
import { count, hex } from './text.ts';
import type { ZoneState } from './zone-state.ts';

const ASK_MS = 1000;

export function PageDetails({ model, zone }: { model: Model; zone: ZoneState }): JSX.Element {
  const { selected, shown, status } = model;
  const [told, setTold] = useState<{ zone: number | undefined; page: SeenPage } | undefined>();
  // When the program is gone, what it said last stays.
  const page = told?.zone === shown && told?.page.pfn === selected ? told?.page : undefined;
  useEffect(() => {
    if (selected === undefined || status !== 'live') return;
    let isOver = false;
    const ask = async () => {
      const answer = await model.connection.ask(`/page?zone=${shown}&pfn=${selected}`);
      if (isOver || answer === undefined) return;
      setTold({ zone: shown, page: answer as SeenPage });
    };
    void ask();
    const timer = setInterval(() => void ask(), ASK_MS);
    return () => {
      isOver = true;
      clearInterval(timer);
    };
  }, [selected, shown, status, model]);
  return (
    <section class="panel details" aria-live="polite">
      <h2>{selected === undefined ? 'No page chosen' : `Page ${count(selected)}`}</h2>
      {selected === undefined ? (
        <p class="dim">Click a cell of the map, or go there with the arrow keys.</p>
      ) : (
        <Rows rows={rowsOf(zone, selected, page)} />
      )}
    </section>
  );
}

function Rows({ rows }: { rows: [string, string][] }): JSX.Element {
  return (
    <dl>
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function rowsOf(zone: ZoneState, pfn: number, told?: SeenPage): [string, string][] {
  const { info, codes } = zone;
  const rows: [string, string][] = [
    ['use', told?.use ?? info.names[codes[pfn]!] ?? 'unknown'],
    ['address', hex(pfn * info.pageBytes)],
  ];
  const add = (name: string, value: number | string | undefined) => {
    if (value !== undefined) rows.push([name, String(value)]);
  };
  if (!told) return rows;
  add('block', told.order ? `${2 ** told.order} pages` : undefined);
  add('first page', told.first === undefined ? undefined : count(told.first));
  add('descriptor', told.descriptor === undefined ? undefined : hex(told.descriptor));
  add(told.use === 'slab' ? 'cache' : 'class', told.groupName);
  add('pins', told.pins);
  if (told.isOwned !== undefined) add('owned', told.isOwned ? 'yes' : 'no, only pinned');
  if (told.isMovable !== undefined) add('movable', told.isMovable ? 'yes' : 'no');
  add('locked by thread', told.lockedBy);
  add('frozen by thread', told.frozenBy);
  add('owner words', told.ownerWords?.map(hex).join(' '));
  if (told.isFaithful === false) rows.push(['note', 'it changed while it was looked at']);
  return rows;
}
