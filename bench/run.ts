/**
 * Runs a suite: `npm run bench -- SUITE [--json] [--record] [--tiny] [--rows PATTERN] [--traces
 * DIR]`; without a name it lists them.
 *
 * Prints a table; with `--json` one object on the last line, with `--record` the same into
 * `results/`, of which the documents' tables are made (`npm run docs`). `--rows` takes the rows of
 * suites `cache`, `giants`, `api` and `tier` whose names match, `--traces` a folder of cache traces
 * for the row `hit-ratio`.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { compileQuickly } from './artifact.ts';
import { figure, machine, range, type Suite, table } from './suite.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean' },
    record: { type: 'boolean' },
    tiny: { type: 'boolean' },
    rows: { type: 'string' },
    traces: { type: 'string' },
  },
});

const suites = readdirSync(new URL('./suites', import.meta.url))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3));

const [name] = positionals;
if (name === undefined) {
  console.log(suites.join('\n'));
} else if (!suites.includes(name)) {
  console.error(`No suite is called ${JSON.stringify(name)}; there are: ${suites.join(', ')}`);
  process.exitCode = 2;
} else if (values.record && (values.tiny || values.rows !== undefined)) {
  console.error('Only a whole suite is recorded: --record goes with neither --tiny nor --rows');
  process.exitCode = 2;
} else {
  if (values.tiny) compileQuickly();
  const { suite } = (await import(`./suites/${name}.ts`)) as { suite: Suite };
  const notes: string[] = [];
  const leftOut: string[][] = [];
  const results = await suite({
    isTiny: values.tiny === true,
    note: (text) => notes.push(text),
    leaveOut: (row, peer) => leftOut.push([row, 'left out', '', '', peer, '', '']),
    ...(values.rows === undefined ? {} : { rows: new RegExp(values.rows) }),
    ...(values.traces === undefined ? {} : { traces: values.traces }),
  });
  const rows = results.map(({ name, value, quartiles, unit, peer, ratio, ratioQuartiles }) => [
    name,
    figure(value),
    range(quartiles),
    unit,
    peer ?? '',
    ratio === undefined ? '' : figure(ratio),
    range(ratioQuartiles),
  ]);
  const head = ['row', 'value', 'quartiles', 'unit', 'peer', 'ours / peer', 'quartiles'];
  console.log(table([head, ...rows, ...leftOut]));
  if (rows.length + leftOut.length === 0) {
    console.error(`No row of ${name} matches ${JSON.stringify(values.rows)}`);
    process.exitCode = 2;
  }
  if (notes.length > 0) console.log(`\n${notes.join('\n')}\n`);
  const report = { suite: name, machine: machine(), node: process.version, results };
  if (values.json) console.log(JSON.stringify(report));
  if (values.record) {
    const date = new Date().toISOString().slice(0, 10);
    const text = JSON.stringify({ date, ...report }, null, 1);
    writeFileSync(new URL(`./results/${name}.json`, import.meta.url), `${text}\n`);
  }
}
