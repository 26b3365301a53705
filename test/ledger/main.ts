// npm run ledger:replay -- [--events 100000] [--seed 1] [--nodes 22,24] [--json]: replays one generated ledger five times in two processes of each version of Node, and compares (R4).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeEntries } from './file.ts';
import { generateLedger } from './generate.ts';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    nodes: { type: 'string', default: '22,24' },
    json: { type: 'boolean', default: false },
  },
});

interface Line {
  readonly node: string;
  readonly seconds: number;
  readonly replay: object;
}

/** The node program of a major version: this one, or the one that npm has, in a folder that is removed again. */
function nodeOf(major: string, folder: string): string {
  if (process.version.startsWith(`v${major}.`)) return process.execPath;
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const prefix = join(folder, major);
  const install = spawnSync('npm', ['install', '--silent', '--no-save', '--prefix', prefix, `${name}@${major}`], { encoding: 'utf8' });
  if (install.status !== 0) throw new Error(`cannot get ${name}@${major}: ${install.stderr}`);
  return join(prefix, 'node_modules', name, 'bin', 'node');
}

/** Replays in one process of that program: one for each number, from snapshots after so many messages, or from the first message for 0. */
function replaysIn(program: string, file: string, everies: readonly number[]): Line[] {
  const words = [join(import.meta.dirname, 'replay-process.ts'), file, ...everies.map(String)];
  const child = spawnSync(program, ['--experimental-strip-types', '--disable-warning=ExperimentalWarning', ...words], { encoding: 'utf8' });
  if (child.status !== 0) throw new Error(`${program}: ${child.stderr}`);
  return child.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

const folder = mkdtempSync(join(tmpdir(), 'redqueen-nodes-'));
try {
  const file = join(folder, 'ledger');
  writeEntries(file, generateLedger(Number(values.events), Number(values.seed)).stored);
  const lines = values.nodes.split(',').flatMap((major) => {
    const program = nodeOf(major, folder);
    return [...replaysIn(program, file, [0, 0, 9973]), ...replaysIn(program, file, [0, 31_337])];
  });
  const same = new Set(lines.map(({ replay }) => JSON.stringify(replay))).size === 1;
  const value = { replays: lines.map(({ node, seconds }) => ({ node, seconds })), replay: lines[0]?.replay };
  const figure = {
    id: 'R4',
    value,
    target: 'all equal, at most 30 s each',
    verdict: same && lines.every(({ seconds }) => seconds <= 30) ? 'met' : 'missed',
    seed: Number(values.seed),
  };
  console.log(values.json ? JSON.stringify(figure) : JSON.stringify(figure, undefined, 1));
  if (!same) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
