// npm run bench -- [--updates 60] [--seed 1] [--json]: what a short real run costs, against the limits that were promised.
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measure, type Measurement } from './measure.ts';

const { values } = parseArgs({
  options: {
    updates: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
const cores = availableParallelism();

/** Name, value, limit as text, whether it is kept. */
type Line = readonly [name: string, value: string, limit: string, kept: boolean | undefined];

function limited(measured: Measurement): Line[] {
  return [
    ['start to first update', `${measured.firstUpdateSeconds.toFixed(1)} s`, '≤ 10 s', measured.firstUpdateSeconds <= 10],
    ['memory of all processes (PSS, peak)', mebibytes(measured.peakMemoryBytes), '≤ 1.5 GB', measured.peakMemoryBytes <= 1.5e9],
    ['device time outside llama.cpp and ggml', `${(measured.outsideNative * 100).toFixed(1)} %`, '≤ 20 %', measured.outsideNative <= 0.2],
    ['llama threads', String(measured.threads), `≤ ${cores} cores`, measured.threads <= cores],
  ];
}

function plain(measured: Measurement): Line[] {
  const wall = measured.runSeconds;
  return [
    ['run', `${measured.updates} updates in ${wall.toFixed(1)} s`, '', undefined],
    ['attempts a second', measured.attemptsPerSecond.toFixed(0), '', undefined],
    ['tokens sampled a second', measured.sampledTokensPerSecond.toFixed(0), '', undefined],
    ['tokens trained a second', measured.trainedTokensPerSecond.toFixed(0), '', undefined],
    ...Object.entries(measured.deviceSecondsByWork).map(
      ([work, seconds]): Line => [`device busy: ${work}`, `${seconds.toFixed(1)} s`, '', undefined],
    ),
    ...Object.entries(measured.cpuSecondsByService).map(
      ([service, seconds]): Line => [
        `processor time: ${service}`,
        `${seconds.toFixed(1)} s, ${mebibytes(measured.memoryByService[service] ?? 0)}`,
        '',
        undefined,
      ],
    ),
  ];
}

const folder = mkdtempSync(join(tmpdir(), 'redqueen-bench-'));
try {
  const measured = await measure({ seed: Number(values.seed), updates: Number(values.updates), folder });
  if (values.json) console.log(JSON.stringify({ cores, ...measured }));
  else {
    for (const [name, value, limit, kept] of [...limited(measured), ...plain(measured)]) {
      console.log(`${name.padEnd(42)} ${value.padStart(22)}  ${limit}${kept === undefined ? '' : kept ? '  kept' : '  NOT KEPT'}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
