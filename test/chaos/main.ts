// npm run chaos -- [--only R1,R17] [--quick|--full] [--seed 1] [--seconds 180] [--every 5] [--json]: real faults on real processes, against their targets.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RedQueenError } from '@redqueen/core';
import type { ChaosFigure, Scenario } from './harness/scenario.ts';
import { type ChaosCommand, chaosCommand } from './options.ts';
import { scenarios } from './scenarios.ts';

const tell = (line: string): void => void process.stderr.write(`${line}\n`);

function show({ id, value, target, verdict, seed, what }: ChaosFigure, json: boolean): void {
  if (json) return console.log(JSON.stringify({ id, value, target, verdict, seed }));
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  console.log(`${id.padEnd(20)} ${text.padEnd(14)} ${target.padEnd(18)} ${verdict}${what === undefined ? '' : `\n    ${what}`}`);
}

/** Runs one scenario. False where it threw or missed a target. */
async function play(scenario: Scenario, { form, seed, seconds, every, json }: ChaosCommand): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'redqueen-chaos-'));
  const say = (line: string) => tell(`${scenario.id}: ${line}`);
  try {
    tell(`${scenario.id}: ${scenario.title} (${form} form, seed ${seed})`);
    const figures = await scenario.run({ form, seed, seconds, every, folder, say });
    for (const figure of figures) show(figure, json);
    return figures.every(({ verdict }) => verdict === 'met');
  } catch (reason) {
    tell(`${scenario.id}, seed ${seed}: ${RedQueenError.from(reason).message}`);
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

try {
  const command = chaosCommand(process.argv.slice(2), scenarios);
  for (const scenario of command.scenarios) if (!(await play(scenario, command))) process.exitCode = 1;
} catch (reason) {
  tell(RedQueenError.from(reason).message);
  process.exitCode = 1;
}
