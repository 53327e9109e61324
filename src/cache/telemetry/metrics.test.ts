/** Figures as text, for Prometheus. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { openTiered } from '../../../test/support/tiered.ts';
import { SharedCache } from '../../index.ts';

const small = { maxSize: '4MiB', values: 'string', ttl: 5_000 } as const;

/** As `parse-prometheus-text-format`, which brings no types, tells it. */
interface Family {
  name: string;
  help: string;
  type: string;
  metrics: { value: string; labels: Record<string, string> }[];
}
const parseText: (text: string) => Family[] = createRequire(import.meta.url)(
  'parse-prometheus-text-format',
);

/** The text format's grammar: HELP, TYPE, and samples of that name. */
function parse(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  assert.ok(text.endsWith('\n'));
  let name = '';
  let step = 0;
  for (const line of text.slice(0, -1).split('\n')) {
    const help = /^# HELP (\w+) [^\n]+$/.exec(line);
    const type = /^# TYPE (\w+) (counter|gauge)$/.exec(line);
    const sample = /^(\w+)(\{(\w+="(?:[^"\\]|\\["\\n])*"(?:,(?!\}))?)+\})? (\d+(?:\.\d+)?)$/.exec(
      line,
    );
    if (help) {
      assert.ok(step !== 1, 'a metric without a type');
      name = help[1]!;
      step = 1;
    } else if (type) {
      assert.deepEqual([type[1], step], [name, 1]);
      assert.equal(type[2], name.endsWith('_total') ? 'counter' : 'gauge');
      step = 2;
    } else {
      assert.ok(sample, line);
      assert.equal(sample[1], name);
      assert.ok(!samples.has(sample[1]! + (sample[2] ?? '')), 'a sample twice');
      samples.set(sample[1]! + (sample[2] ?? ''), Number(sample[4]));
      step = 3;
    }
  }
  return samples;
}

test('metrics are what stats says, in the text format of Prometheus', () => {
  using cache = new SharedCache<string>({ ...small, maxEntrySize: 1000 });
  cache.set('a', 'value');
  cache.set('b', 'x'.repeat(2000));
  cache.get('a');
  cache.get('b');
  const samples = parse(cache.metrics());
  assert.equal(samples.get('pageless_entries'), 1);
  assert.equal(samples.get('pageless_hits_total'), 1);
  assert.equal(samples.get('pageless_misses_total'), 1);
  assert.equal(samples.get('pageless_max_bytes'), 4 * 2 ** 20);
  assert.equal(samples.get('pageless_refusals_total{reason="too-large"}'), 1);
  assert.equal(samples.get('pageless_loads_total{outcome="computed"}'), 0);
  const labelled = parse(cache.metrics({ cache: 'a "b" \\ c\nd', app: '' }));
  assert.equal(labelled.size, samples.size);
  const labels = '{cache="a \\"b\\" \\\\ c\\nd",app=""}';
  assert.equal(labelled.get(`pageless_entries${labels}`), 1);
});

test('labels that are no well-formed texts are refused', () => {
  using cache = new SharedCache<string>(small);
  for (const label of ['\ud800', 'a\udc00b', 1, undefined, null]) {
    const call = () => cache.metrics({ cache: label as string });
    assert.throws(call, { code: 'ERR_PAGELESS_INVALID_ARGUMENT' });
  }
  assert.equal(
    parse(cache.metrics({ cache: '\u{1f600}' })).get('pageless_entries{cache="\u{1f600}"}'),
    0,
  );
});

test('a parser of others reads of it what was meant, escaped labels as well', () => {
  using cache = new SharedCache<string>({ ...small, maxEntrySize: 1000 });
  cache.set('a', 'value');
  cache.set('b', 'x'.repeat(2000));
  const own = { cache: 'a "b" \\ c\nd', app: '' };
  const families = parseText(cache.metrics(own));
  const { refusalsByReason, loads, ...stats } = cache.stats();
  const read = Object.fromEntries(families.map((family) => [family.name, family]));
  assert.equal(Object.keys(read).length, families.length, 'each metric once');
  for (const { name, help, type, metrics } of families) {
    assert.match(name, /^pageless_[a-z_]+$/);
    assert.ok(help);
    assert.equal(type, name.endsWith('_total') ? 'COUNTER' : 'GAUGE');
    for (const { labels, value } of metrics) {
      const { reason: _r, outcome: _o, ...others } = labels;
      assert.deepEqual(others, own);
      assert.ok(Number(value) >= 0, `${name} ${value}`);
    }
  }
  const samples = (name: string, label: string): Record<string, number> =>
    Object.fromEntries(read[name]!.metrics.map((one) => [one.labels[label], Number(one.value)]));
  assert.deepEqual(samples('pageless_refusals_total', 'reason'), refusalsByReason);
  assert.deepEqual(samples('pageless_loads_total', 'outcome'), { ...loads });
  assert.equal(refusalsByReason['too-large'], 1);
  assert.equal(Number(read.pageless_sets_total!.metrics[0]!.value), stats.sets);
});

test('namespaces have figures, whoever has opened them and whatever their names', () => {
  using cache = new SharedCache<string>(small);
  assert.doesNotMatch(cache.metrics(), /namespace/);
  const names = ['users', '7', '__proto__', 'a "b" \\ c\nd'];
  for (const [i, name] of names.entries()) {
    const view = cache.namespace(name);
    for (let j = 0; j <= i; j++) view.set(`key ${j}`, 'value');
  }
  using other = SharedCache.attach<string>(cache.handle);
  const families = parseText(other.metrics({ app: 'one' }));
  for (const [figure, of] of [
    ['entries', 'entries'],
    ['stored_bytes', 'storedBytes'],
  ] as const) {
    const { metrics } = families.find(({ name }) => name === `pageless_namespace_${figure}`)!;
    const told = new Map(metrics.map(({ labels, value }) => [labels.namespace, Number(value)]));
    assert.deepEqual(told, new Map(names.map((name) => [name, cache.namespace(name).stats()[of]])));
  }
  for (const name of ['namespace', 'reason', 'outcome']) {
    const message = `_, other than namespace, reason and outcome; seen: "${name}"$`;
    assert.throws(() => cache.metrics({ [name]: 'mine' }), new RegExp(message));
  }
});

test('a second tier has figures of its own', async () => {
  const { cache } = openTiered();
  cache.set('key', 'value');
  await cache.flush();
  await cache.getAsync('other');
  const samples = parse(cache.metrics({ app: 'one' }));
  const figures = { usable: 1, gets_total: 1, hits_total: 0, sets_total: 1, queue_bytes: 0 };
  for (const [name, figure] of Object.entries(figures)) {
    assert.equal(samples.get(`pageless_tier_${name}{app="one"}`), figure, name);
  }
  cache.close();
});
