/** What is kept of a history that cannot be explained, and that it is judged alike again. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readEvidence, writeEvidence } from './evidence.ts';
import { histories, type Report } from './histories.ts';
import { judge } from './judge.ts';

const program = fileURLToPath(new URL('./histories.ts', import.meta.url));

function withFolder(use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'pageless-evidence-'));
  try {
    use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(folder: string, ...options: string[]): { status: number | null; told: string } {
  const env = { ...process.env, TMPDIR: folder, TEMP: folder, TMP: folder };
  const { status, stdout } = spawnSync(process.execPath, [program, ...options], { env });
  return { status, told: String(stdout) };
}

/** Of a cache that lies, whose threads are killed as well. */
async function untrue(): Promise<Report> {
  for (let tries = 0; tries < 10; tries++) {
    const report = await histories({
      operations: 4000,
      fault: 'lost',
      isEvicting: tries % 2 === 1,
    });
    if (report.violation !== undefined) return report;
  }
  assert.fail('nothing was found in ten histories');
}

test('all of the violated key is kept, and judged alike again', async () => {
  const { evidence, violation } = await untrue();
  assert.ok(evidence && violation);
  withFolder((folder) => {
    const kept = readEvidence(writeEvidence(evidence, folder));
    const { key, begin } = violation.operation;
    const own = (operations: typeof kept.operations) =>
      operations.filter((one) => one.key === key).sort((a, b) => a.end - b.end);
    assert.deepEqual(own(kept.operations), own(evidence.operations));
    assert.deepEqual(kept.violation, violation);
    assert.deepEqual(judge(kept.operations, kept.rules, [key]).violation, violation);
    const isMeanwhile = kept.operations.some((one) => one.key !== key && one.end > begin - 1000);
    assert.ok(isMeanwhile, 'what was done to other keys is told too');
    assert.ok(kept.deaths.length >= 5 && kept.samples.length > 0);
    for (const { killedAt, endedAt, buriedAt } of kept.deaths) {
      assert.ok(killedAt <= endedAt && endedAt < buriedAt);
    }
    const writers = new Set(kept.deaths.map(({ writer }) => writer));
    assert.ok(kept.operations.every(({ writer }) => writer === 0 || writers.has(writer)));
  });
});

test('the program says where it is, and replays it', () => {
  withFolder((folder) => {
    const files = () => readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
    const options = ['--operations', '4000', '--no-kills', '--fault', 'lost'];
    let found = { status: 0 as number | null, told: '' };
    for (let tries = 0; tries < 10 && found.status === 0; tries++) found = run(folder, ...options);
    assert.equal(found.status, 1);
    const file = join(folder, files()[0] ?? 'none');
    assert.ok(found.told.includes(`--replay ${file}\n`), found.told);
    const again = run(folder, '--replay', file);
    assert.equal(again.status, 1);
    const told = (text: string) => text.slice(text.indexOf('cannot be explained'));
    assert.ok(told(found.told).startsWith(told(again.told)), again.told);
    const [head] = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, `${head}\n`);
    assert.equal(run(folder, '--replay', file).status, 0, 'nothing happened, and is explained');
  });
});
