/** Litmus tests, short: the shapes forbid what their names promise, and two of them hold here. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LitmusCrew, verdictOf } from './crew.ts';
import { matches, OUTCOMES, outcomesOf } from './sequential.ts';
import { parse, shapes } from './shapes.ts';

test('no interleaving gives what a shape forbids, and some need threads that meet', () => {
  for (const shape of shapes) {
    const program = parse(shape);
    const { allowed, interleaved } = outcomesOf(program);
    assert.ok(interleaved.size > 0 && allowed.size < OUTCOMES, shape.name);
    const found = [...allowed].filter((outcome) => matches(program, outcome, shape.forbids));
    assert.deepEqual(found, [], shape.name);
  }
});

test('a verdict needs threads that met, or a forbidden outcome', () => {
  assert.equal(verdictOf('atomic', { forbidden: 1, interleaved: 9 }), 'BROKEN');
  assert.equal(verdictOf('atomic', { forbidden: 0, interleaved: 9 }), 'holds');
  assert.equal(verdictOf('atomic', { forbidden: 0, interleaved: 0 }), 'inconclusive');
  assert.equal(verdictOf('plain', { forbidden: 1, interleaved: 0 }), 'weak as allowed');
  assert.equal(verdictOf('plain', { forbidden: 0, interleaved: 9 }), 'inconclusive');
});

test('store buffering and RCU with atomics show nothing forbidden', async (context) => {
  const chosen = shapes.filter(({ name }) => name === 'SB' || name === 'RCU');
  const crew = await LitmusCrew.create(chosen);
  try {
    for (const shape of chosen) {
      const result = await crew.run(shape, 'atomic', 50_000);
      const { rounds, forbidden, interleaved, verdict } = result;
      context.diagnostic(`${shape.name}: ${rounds} rounds, ${interleaved} interleaved, ${verdict}`);
      assert.ok(rounds >= 50_000);
      assert.equal(forbidden, 0);
    }
  } finally {
    await crew.close();
  }
});
