/**
 * The page as a whole: head, key figures, map beside legend, charts, tables.
 */
import type { ComponentChildren, JSX, TargetedEvent } from 'preact';
import { useLayoutEffect, useReducer } from 'preact/hooks';
import { Charts } from './charts.tsx';
import { Keys } from './keys.tsx';
import { Legend } from './legend.tsx';
import { MapPanel } from './map-panel.tsx';
import type { Model, Status } from './model.ts';
import { PageDetails } from './page-details.tsx';
import { Player } from './player.tsx';
import { ClassTable, FragmentationTable, SlabTable } from './tables.tsx';
import { count, mebibytes, percent } from './text.ts';
import { DELETES, EVICTIONS, READS, WRITES, type ZoneState } from './zone-state.ts';

const statuses: Record<Status, string> = {
  connecting: 'Connecting …',
  live: 'Live',
  paused: 'Paused',
  refused: 'Refused: open the address that the program printed',
  ended: 'The program does not answer; the last picture',
  replay: 'Recording',
};

export function App({ model }: { model: Model }): JSX.Element {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  // Before anything else can happen: an answer that comes first must be seen, too.
  useLayoutEffect(() => model.subscribe(() => redraw(undefined)), [model]);
  const { zone } = model;
  return (
    <>
      <Head model={model} />
      {model.replay && model.status === 'replay' && <Player model={model} replay={model.replay} />}
      {zone ? <Zone key={zone.info.id} model={model} zone={zone} /> : <Nothing model={model} />}
      <footer>
        A picture from outside: it changes while it is taken. <a href="/licences.txt">Licences</a>
      </footer>
    </>
  );
}

function Nothing({ model }: { model: Model }): JSX.Element {
  const isWaiting = model.status === 'connecting' || model.status === 'live';
  return <p class="nothing">{isWaiting ? 'No zone yet.' : statuses[model.status]}</p>;
}

function Head({ model }: { model: Model }): JSX.Element {
  const { status, head } = model;
  const toggle = () => (status === 'paused' ? void model.run() : model.pause());
  return (
    <header>
      <h1>pageless</h1>
      <span class="program" title={head?.title}>
        {head?.title}
        {head && head.pid > 0 && <span class="dim"> · process {head.pid}</span>}
      </span>
      <Zones model={model} />
      <span class={`status ${status}`} role="status">
        {statuses[status]}
      </span>
      {(status === 'live' || status === 'paused') && (
        <button type="button" onClick={toggle}>
          {status === 'paused' ? 'Go on' : 'Pause'}
        </button>
      )}
    </header>
  );
}

function Zones({ model }: { model: Model }): JSX.Element | null {
  if (model.zones.size < 2) return null;
  const choose = (event: TargetedEvent<HTMLSelectElement>) =>
    model.show(Number(event.currentTarget.value));
  return (
    <label>
      <span class="dim">Zone </span>
      <select value={model.shown} onChange={choose}>
        {[...model.zones].map(([index, zone]) => (
          <option key={index} value={index}>
            {zone.info.title}
            {zone.gone === undefined ? '' : ' (closed)'}
          </option>
        ))}
      </select>
    </label>
  );
}

function Zone({ model, zone }: { model: Model; zone: ZoneState }): JSX.Element {
  return (
    <>
      <Notice zone={zone} />
      <KeyFigures zone={zone} />
      <div class="map-row">
        <MapPanel model={model} zone={zone} />
        <div class="side">
          <Legend model={model} zone={zone} />
          <PageDetails model={model} zone={zone} />
        </div>
      </div>
      <Panel title="Over time">
        <Charts zone={zone} />
      </Panel>
      <div class="columns">
        <Panel title="Size classes of zspages">
          <ClassTable tables={zone.tables} />
        </Panel>
        <Panel title="Slabs">
          <SlabTable tables={zone.tables} />
        </Panel>
        <Panel title="Free blocks">
          <FragmentationTable tables={zone.tables} />
        </Panel>
        {model.head?.hasKeys && (
          <Panel title="Keys">
            <Keys model={model} />
          </Panel>
        )}
      </div>
    </>
  );
}

export function Panel(props: { title: string; children: ComponentChildren }): JSX.Element {
  return (
    <section class="panel">
      <h2>{props.title}</h2>
      {props.children}
    </section>
  );
}

function Notice({ zone }: { zone: ZoneState }): JSX.Element | null {
  const fault = zone.figures?.fault;
  if (fault) {
    return (
      <p class="notice bad" role="alert">
        This zone is poisoned: {fault.reason} (fault {fault.code}, thread {fault.slot}, word{' '}
        {fault.detail}). Every thread gets an error; what you see is what it left.
      </p>
    );
  }
  return zone.gone === undefined ? null : <p class="notice">This zone was {zone.gone}.</p>;
}

function KeyFigures({ zone }: { zone: ZoneState }): JSX.Element | null {
  const { figures, info, history } = zone;
  if (!figures) return null;
  const reads = figures.hits + figures.misses;
  const last = (column: number) => history.columns(column)[0]?.at(-1) ?? 0;
  const used = (info.pages - figures.freePages) * info.pageBytes;
  const stored = figures.keyBytes + figures.valueBytes;
  return (
    <dl class="key-figures">
      <Figure
        name="in use"
        value={`${mebibytes(used)} MiB`}
        of={`of ${mebibytes(info.pages * info.pageBytes)}`}
      />
      <Figure name="entries" value={count(figures.entries)} of={`${mebibytes(stored)} MiB given`} />
      <Figure name="hit ratio" value={percent(figures.hits / reads)} of={`${count(reads)} reads`} />
      <Figure
        name="operations a second"
        value={count(last(READS) + last(WRITES) + last(DELETES))}
        of="reads, writes, deletes"
      />
      <Figure
        name="evictions"
        value={count(figures.evictions)}
        of={`${count(last(EVICTIONS))} a second`}
      />
      <Figure name="unusable for 2 MiB" value={percent(figures.unusable)} of="of what is free" />
      <Figure
        name="threads"
        value={count(figures.threads)}
        of={`process ${mebibytes(figures.rss)} MiB`}
      />
    </dl>
  );
}

function Figure(props: { name: string; value: string; of: string }): JSX.Element {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>
        {props.value} <small>{props.of}</small>
      </dd>
    </div>
  );
}
