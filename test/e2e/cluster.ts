import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');
const cli = join(root, 'packages/cli/bin/redqueen.mjs');

const services = ['policy', 'proposer', 'executor', 'verifier', 'world-model', 'curriculum', 'reward-aggregator', 'gateway'];

/** A data folder of its own that is removed at the end, with a configuration in which every port is a free one: clusters of several tests start at once. */
export function dataFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'redqueen-e2e-'));
  const ports = services.map((name) => `  ${name}: { host: 127.0.0.1, port: 0 }`).join('\n');
  writeFileSync(join(path, 'redqueen.yaml'), `dataDir: ${path}\nservices:\n${ports}\ngateway: { pagePort: 0 }\n`);
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** What a finished command left. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command under way. */
export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves with the first line, of either stream, that the pattern fits. Rejects when the command ends before. */
  line(pattern: RegExp): Promise<string>;
}

/** Starts `redqueen` with these words over a data folder. */
export function redqueen(folder: string, ...words: readonly string[]): Running {
  const child = spawn(process.execPath, [cli, ...words, '--config', join(folder, 'redqueen.yaml')], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  const waiting: { pattern: RegExp; resolve: (line: string) => void }[] = [];
  const look = () => {
    const lines = `${text.stdout}\n${text.stderr}`.split('\n');
    for (const entry of waiting) {
      const line = lines.find((candidate) => entry.pattern.test(candidate));
      if (line !== undefined) entry.resolve(line);
    }
  };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
      look();
    });
  }
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, ...text })));
  return {
    process: child,
    ended,
    line(pattern) {
      const found = new Promise<string>((resolve) => waiting.push({ pattern, resolve }));
      look();
      const never = ended.then(({ stdout, stderr }) => Promise.reject(new Error(`ended before ${pattern}:\n${stdout}\n${stderr}`)));
      return Promise.race([found, never]);
    },
  };
}

/** The last line of a command's output, as JSON. */
export function lastJson({ stdout, stderr, code }: Ended): Record<string, never> {
  const line = stdout.trimEnd().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(line) as Record<string, never>;
  } catch {
    throw new Error(`no JSON line (exit ${code}):\n${stdout}\n${stderr}`);
  }
}

/** Processes whose command line contains every one of these. */
function processesOf(...parts: readonly string[]): number[] {
  const listing = spawnSync('ps', ['-eo', 'pid,args', '-ww'], { encoding: 'utf8' }).stdout.split('\n');
  return listing.filter((line) => parts.every((part) => line.includes(part))).map((line) => Number.parseInt(line, 10));
}

/** The service process of a cluster over that folder: its environment names the cluster's configuration. */
export function serviceProcess(service: string, folder: string): number {
  const candidates = processesOf(`services/${service}/src/main.ts`);
  const found = candidates.find((pid) => readFileSync(`/proc/${pid}/environ`, 'utf8').includes(folder));
  if (found === undefined) throw new Error(`no process of ${service} over ${folder}`);
  return found;
}
