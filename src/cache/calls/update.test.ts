/**
 * Writing on a condition: add, replace, versions, update and increment. What is refused changes
 * nothing.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/support/fake-clock.ts';
import {
  type Bytes,
  InvalidArgumentError,
  NotANumberError,
  SharedCache,
  type SharedCacheOptions,
  type Status,
} from '../../index.ts';

const maxSize = '8MiB';
const LARGE = 300_000;

function texts(options: { ttl?: number; now?: () => number } = {}): SharedCache<string> {
  return new SharedCache({ maxSize, values: 'string', ...options });
}

test('add stores what is not there, replace what is', () => {
  using cache = texts();
  assert.equal(cache.replace('key', 'a'), false);
  assert.equal(cache.has('key'), false);
  assert.equal(cache.add('key', 'b'), true);
  assert.equal(cache.add('key', 'c'), false);
  assert.equal(cache.get('key'), 'b');
  assert.equal(cache.replace('key', 'd'), true);
  assert.equal(cache.get('key'), 'd');
  assert.equal(cache.stats().sets, 2, 'what was not stored is no set');
  assert.equal(cache.stats().refusals, 0);
});

test('what has expired is not there', () => {
  const { now, tick } = fakeClock();
  using cache = texts({ now });
  cache.set('key', 'old', { ttl: 10 });
  const seen = cache.getWithVersion('key')!;
  assert.equal(cache.add('key', 'new'), false);
  tick(10);
  assert.equal(cache.replace('key', 'new'), false);
  assert.equal(cache.setIfVersion('key', 'new', seen.version), false);
  assert.equal(cache.add('key', 'new', { ttl: 5 }), true);
  assert.equal(cache.getRemainingTTL('key'), 5);
});

test('a value of many blocks is stored on a condition as well', () => {
  using cache = new SharedCache({ maxSize, maxEntrySize: '1MiB', compression: 'none' });
  const long = (fill: number) => new Uint8Array(LARGE).fill(fill);
  assert.equal(cache.add('key', long(1)), true);
  assert.equal(cache.add('key', long(2)), false);
  const { value, version } = cache.getWithVersion('key')!;
  assert.deepEqual(value, long(1));
  assert.equal(cache.setIfVersion('key', long(3), version), true);
  assert.equal(cache.setIfVersion('key', long(4), version), false);
  assert.deepEqual(
    cache.update('key', (old) => old?.map((byte) => byte + 1) as Bytes),
    long(4),
  );
  assert.deepEqual(cache.get('key'), long(4));
  cache.arena.check();
});

test('too large a value is refused and changes nothing, whichever way but set', () => {
  using cache = new SharedCache({ maxSize, values: 'string', maxEntrySize: 10 });
  const large = 'x'.repeat(11);
  cache.set('key', 'small');
  const { version } = cache.getWithVersion('key')!;
  assert.equal(cache.add('other', large), false);
  assert.equal(cache.replace('key', large), false);
  assert.equal(cache.setIfVersion('key', large, version), false);
  assert.equal(
    cache.update('key', () => large),
    undefined,
  );
  assert.equal(cache.stats().refusals, 4);
  assert.equal(cache.get('key'), 'small');
  assert.equal(cache.set('key', large), false);
  assert.equal(cache.has('key'), false, 'set alone removes');
});

test('a sum too long is refused and changes nothing', () => {
  for (const values of ['json', 'string'] as const) {
    for (const isNamespace of [false, true]) {
      const options = { maxSize, values, maxEntrySize: 3 };
      using cache = new SharedCache(options as SharedCacheOptions<unknown>);
      const view = isNamespace ? cache.namespace('n') : cache;
      const status: Status = {};
      assert.equal(view.increment('key', 999), 999);
      assert.equal(view.increment('key', 1, { status }), undefined);
      assert.deepEqual(status, { set: 'refused', refusal: 'too-large', entrySize: 4 });
      assert.equal(view.increment('none', -100), undefined);
      assert.equal(view.has('none'), false);
      assert.equal(String(view.get('key')), '999');
      assert.equal(cache.stats().refusals, 2);
      assert.equal(view.increment('key', -1), 998);
    }
  }
  const longest = -Number.MAX_SAFE_INTEGER;
  for (const maxEntrySize of [16, 17]) {
    using cache = new SharedCache<number>({ maxSize, values: 'json', maxEntrySize });
    assert.equal(cache.increment('key', longest), maxEntrySize === 17 ? longest : undefined);
  }
});

test('a version is good until something has changed, deletes and re-adds included', () => {
  using cache = texts();
  assert.equal(cache.getWithVersion('key'), undefined);
  cache.set('key', 'a');
  const changes: (() => void)[] = [
    () => cache.set('key', 'a'),
    () => cache.delete('key'),
    () => cache.delete('key') && cache.set('key', 'a'),
    () => cache.clear(),
  ];
  for (const change of changes) {
    cache.set('key', 'a');
    const { value, version } = cache.getWithVersion('key')!;
    assert.equal(value, 'a');
    assert.equal(cache.getWithVersion('key')?.version, version, 'reading changes none');
    change();
    assert.equal(cache.setIfVersion('key', 'b', version), false, `${change}`);
    assert.notEqual(cache.get('key'), 'b');
  }
  cache.set('key', 'a');
  const { version } = cache.getWithVersion('key')!;
  assert.equal(cache.setIfVersion('key', 'b', version), true);
  assert.equal(cache.get('key'), 'b');
});

test('versions outlive splits and merges of the index: none comes back', () => {
  using cache = texts();
  cache.set('key', 'a');
  const seen = new Set([cache.getWithVersion('key')!.version]);
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 2000; i++) cache.set(`other ${i}`, 'x');
    for (let i = 0; i < 2000; i++) cache.delete(`other ${i}`);
    cache.set('key', 'a');
    seen.add(cache.getWithVersion('key')!.version);
  }
  assert.equal(seen.size, 4);
});

test('what is no version of the key is a typed error', () => {
  using cache = texts();
  cache.set('key', 'a');
  cache.set('other', 'a');
  const { version } = cache.getWithVersion('other')!;
  for (const wrong of [version, 1, -1n, 2n ** 64n, undefined, 'a'] as never[]) {
    assert.throws(() => cache.setIfVersion('key', 'b', wrong), /^InvalidArgumentError: version/);
  }
  assert.equal(cache.get('key'), 'a');
});

test('update makes, changes and deletes', () => {
  using cache = new SharedCache<{ n: number }>({ maxSize, values: 'json' });
  const add = (old: { n: number } | undefined) => ({ n: (old?.n ?? 0) + 1 });
  assert.deepEqual(cache.update('key', add), { n: 1 });
  assert.deepEqual(cache.update('key', add), { n: 2 });
  assert.deepEqual(cache.get('key'), { n: 2 });
  assert.equal(
    cache.update('key', () => undefined),
    undefined,
  );
  assert.equal(cache.has('key'), false);
  assert.equal(
    cache.update('key', () => undefined),
    undefined,
  );
  assert.equal(cache.has('key'), false);
  assert.equal(cache.stats().deletes, 1);
});

test('the time to live stays unless another is given', () => {
  const { now, tick } = fakeClock();
  using cache = texts({ now, ttl: 1000 });
  const append = (old = '') => `${old}x`;
  cache.update('new', append);
  assert.equal(cache.getRemainingTTL('new'), 1000, "a new one has the cache's");
  cache.set('key', '', { ttl: 100 });
  tick(30);
  cache.update('key', append);
  assert.equal(cache.getRemainingTTL('key'), 70);
  cache.update('key', append, { ttl: 500 });
  assert.equal(cache.getRemainingTTL('key'), 500);
  cache.update('key', append, { ttl: 0 });
  assert.equal(cache.getRemainingTTL('key'), Number.POSITIVE_INFINITY);
  cache.update('key', append, {});
  assert.equal(cache.getRemainingTTL('key'), Number.POSITIVE_INFINITY);
  assert.equal(cache.get('key'), 'xxxx');
});

test('a throw, a promise and what cannot be stored change nothing', () => {
  using cache = texts();
  cache.set('key', 'a');
  const mine = new RangeError('mine');
  const throwing = () => {
    throw mine;
  };
  assert.throws(
    () => cache.update('key', throwing),
    (error) => error === mine,
  );
  assert.throws(() => cache.update('key', (async () => 'b') as never), /returns no promise/);
  assert.throws(() => cache.update('key', () => 5 as never), InvalidArgumentError);
  assert.throws(() => cache.update('key', 'b' as never), /^InvalidArgumentError: change/);
  assert.throws(() => cache.update('key', () => 'b', { tll: 1 } as never), /did you mean ttl/);
  assert.equal(cache.get('key'), 'a');
});

test('change may call the cache: of the same key, it runs again', () => {
  using cache = texts();
  cache.set('key', 'a');
  let runs = 0;
  const value = cache.update('key', (old) => {
    runs++;
    if (runs < 6) cache.set('key', `${old}${runs}`);
    cache.get('other');
    cache.set('another', 'much longer than the outer one'.repeat(50));
    return `${old}!`;
  });
  assert.equal(value, 'a12345!');
  assert.equal(cache.get('key'), 'a12345!');
  assert.ok(runs >= 6);
});

test('from the third try on, changes beside the key do not make change run again', () => {
  using cache = texts();
  cache.set('key', 'a');
  let runs = 0;
  cache.update('key', (old) => {
    // Every line of the only leaf gets another version.
    for (let i = 0; i < 300; i++) cache.set(`beside ${i}`, 'x');
    runs++;
    return `${old}b`;
  });
  assert.equal(cache.get('key'), 'ab');
  assert.ok(runs <= 3, `${runs} runs`);
});

const changes: Record<string, (cache: SharedCache<number>) => void> = {
  set: (cache) => cache.set('key', cache.get('key')! + 100),
  increment: (cache) => cache.increment('key', 100),
  update: (cache) => cache.update('key', (old) => old! + 100),
  'delete and add': (cache) => {
    const old = cache.get('key')!;
    cache.delete('key');
    cache.add('key', old + 100);
  },
};
for (const [name, changeIt] of Object.entries(changes)) {
  test(`no ${name} that change makes of its own key is lost, at whichever try`, () => {
    using cache = new SharedCache<number>({ maxSize, values: 'json' });
    for (let losses = 0; losses < 10; losses++) {
      cache.set('key', 0);
      let calls = 0;
      cache.update('key', (old) => {
        if (calls++ < losses) changeIt(cache);
        return old! + 1;
      });
      assert.equal(cache.get('key'), 100 * losses + 1);
    }
  });

  test(`a change that makes a ${name} of its own key each time ends`, () => {
    using cache = new SharedCache<number>({ maxSize, values: 'json' });
    cache.set('key', 0);
    let calls = 0;
    const change = (old: number | undefined) => {
      calls++;
      changeIt(cache);
      return old! + 1;
    };
    assert.throws(() => cache.update('key', change), {
      name: 'BusyError',
      code: 'ERR_PAGELESS_BUSY',
      message: /changed during each of \d+ tries to update it.* by the change itself/,
    });
    assert.equal(cache.get('key'), 100 * calls, 'it has written nothing itself');
  });
}

test('bytes whose making writes beside the key are made again twice, and stored', () => {
  using cache = new SharedCache<unknown>({ maxSize, values: 'json' });
  let runs = 0;
  const busy = {
    toJSON() {
      runs++;
      if (runs > 100) throw new RangeError('once more');
      // Every line of the only leaf gets another version.
      for (let i = 0; i < 300; i++) cache.set(`beside ${i}`, runs);
      return 'made';
    },
  };
  cache.set('key', 'old');
  assert.equal(
    cache.update('key', () => busy),
    busy,
  );
  assert.equal(cache.get('key'), 'made');
  assert.ok(runs <= 3, `${runs} runs`);
});

test('change may close the cache', () => {
  const cache = texts();
  const change = () => {
    cache.close();
    return 'b';
  };
  assert.throws(() => cache.update('key', change), { code: 'ERR_PAGELESS_DISPOSED' });
});

for (const values of ['json', 'string'] as const) {
  test(`increment counts in ${values}`, () => {
    using cache: SharedCache<unknown> = new SharedCache({ maxSize, values });
    assert.equal(cache.increment('key'), 1);
    assert.equal(cache.increment('key', 41), 42);
    assert.equal(cache.increment('key', -50), -8);
    assert.equal(cache.increment('key', 8), 0);
    assert.equal(cache.get('key'), values === 'json' ? 0 : '0');
    assert.equal(cache.increment('other', 5, { initial: 100 }), 105);
    assert.equal(cache.increment('other', 5, { initial: 100 }), 110);
    const most = Number.MAX_SAFE_INTEGER;
    assert.equal(cache.increment('most', most), most);
    assert.equal(cache.increment('least', -most), -most);
    assert.equal(cache.get('least'), values === 'json' ? -most : `${-most}`);
    assert.equal(cache.increment('least', most), 0);
    for (const n of [1, 9, 10, 99, 100, 12345, 2 ** 40, 2 ** 52 - 1]) {
      assert.equal(cache.increment(`n ${n}`, n), n);
      assert.equal(cache.increment(`n ${n}`, -n - n), -n);
      assert.equal(String(cache.get(`n ${n}`)), String(-n));
    }
  });
}

test('what cannot be counted up is a typed error, and stays', () => {
  using cache = texts();
  const expected = { name: 'NotANumberError', code: 'ERR_PAGELESS_NOT_A_NUMBER' };
  const wrong = ['', '-', '-0', '00', '01', '-01', '1.0', '1e3', ' 1', '1 ', '+1', 'x', '１'];
  const tooLong = ['9007199254740992', '-9007199254740992', '12345678901234567', '1'.repeat(30)];
  for (const text of [...wrong, ...tooLong, '1'.repeat(70_000)]) {
    cache.set('key', text);
    assert.throws(() => cache.increment('key'), expected, text);
    assert.equal(cache.get('key'), text);
  }
  for (const sign of [1, -1]) {
    cache.increment('most', sign * Number.MAX_SAFE_INTEGER);
    assert.throws(() => cache.increment('most', sign), NotANumberError);
    assert.equal(cache.get('most'), `${sign * Number.MAX_SAFE_INTEGER}`);
    cache.delete('most');
  }
  for (const by of [0.5, Number.NaN, 2 ** 53, '1', 1n, null] as never[]) {
    assert.throws(() => cache.increment('key', by), /^InvalidArgumentError: by/);
    assert.throws(() => cache.increment('key', 1, { initial: by }), /: initial/);
  }
  using bytes = new SharedCache({ maxSize });
  assert.throws(() => bytes.increment('key'), /^InvalidArgumentError: values/);
});

test('a counter keeps its time to live unless another is given', () => {
  const { now, tick } = fakeClock();
  using cache = new SharedCache<number>({ maxSize, values: 'json', now, ttl: 1000 });
  cache.increment('key', 1, { ttl: 100 });
  tick(40);
  cache.increment('key');
  assert.equal(cache.getRemainingTTL('key'), 60);
  cache.increment('key', 1, { ttl: 500 });
  assert.equal(cache.getRemainingTTL('key'), 500);
  tick(500);
  assert.equal(cache.increment('key'), 1, 'it counts anew');
  assert.equal(cache.getRemainingTTL('key'), 1000);
});
