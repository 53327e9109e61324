/**
 * The matrix: the packed package under everything that people run it under.
 *
 *   npm run matrix -- [TEXT] [--write]     rows whose names contain TEXT; docs/matrix.md
 *
 * Its tools have a lock file of their own, which `npm ci` does not touch: they are many. For Linux
 * on x64, where the registry has the runtimes as packages.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packed, root } from '../packaging/packed.ts';
import { here, type Row } from './commands.ts';
import { isInstalled, rows } from './rows.ts';

interface Outcome {
  row: Row;
  works: boolean;
  text: string;
}

function prepare(): void {
  if (!isInstalled()) {
    // Without scripts: a suite of Keyv's brings a database that would be compiled.
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: here,
      stdio: 'inherit',
    });
  }
  const place = join(here, 'node_modules/pageless');
  rmSync(place, { recursive: true, force: true });
  cpSync(packed().folder, place, { recursive: true });
}

async function tryRow(row: Row): Promise<Outcome> {
  try {
    return { row, works: true, text: (await row.try()) ?? '' };
  } catch (error) {
    return { row, works: false, text: (error as Error).message };
  }
}

function say({ row, works, text }: Outcome): void {
  console.log(`${works ? '✔' : '✖'} ${row.group}: ${row.name}${text && `\n    ${text}`}`);
}

function asMarkdown(outcomes: Outcome[]): string {
  const { dependencies } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
  const versions = Object.entries(dependencies as Record<string, string>)
    .filter(([name]) => !name.startsWith('react'))
    .map(([name, version]) => `${name} ${version.replace(/^.*@/, '')}`);
  const lines = outcomes.map(({ row, works, text }) => {
    const result = works
      ? ['works', text].filter(Boolean).join('; ')
      : `**fails**: ${firstLine(text)}`;
    return `| ${row.group} | ${row.name} | ${result} |`;
  });
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return `# Where it runs

Made by \`npm run matrix -- --write\` on ${new Date().toISOString().slice(0, 10)} of pageless ${version},
from the packed package. Runtimes and bundles share a cache between workers, of which some are
terminated idle and some at work; nothing may hang, and no value may be wrong.

| what | where | result |
|---|---|---|
${lines.join('\n')}

${versions.join(' · ')}
`;
}

function firstLine(text: string): string {
  const lines = text.split('\n');
  const line = lines.find((one) => /error/i.test(one)) ?? lines[0] ?? '';
  return line.trim().slice(0, 160).replaceAll('|', '\\|');
}

const words = process.argv.slice(2);
const chosen = words.filter((word) => !word.startsWith('--'));
const wanted = rows.filter(({ group, name }) => {
  return chosen.every((word) => `${group} ${name}`.toLowerCase().includes(word.toLowerCase()));
});
prepare();
const outcomes: Outcome[] = [];
for (const row of wanted) {
  const outcome = await tryRow(row);
  say(outcome);
  outcomes.push(outcome);
}
if (words.includes('--write')) writeFileSync(join(root, 'docs/matrix.md'), asMarkdown(outcomes));
const failed = outcomes.filter(({ works }) => !works).length;
console.log(`${outcomes.length - failed} of ${outcomes.length} work`);
process.exitCode = failed === 0 ? 0 : 1;
