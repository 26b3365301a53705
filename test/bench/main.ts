// npm run bench -- [--full] [--only P1,P5] [--threads 1] [--sampling auto|tree|stock] [--json] [--record] [--page]: figures against their targets.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RedQueenError } from '@redqueen/core';
import { runDetails } from './benches/run.ts';
import { loadText, numberText, sizeText, targetText, valueText, verdictText } from './figure-text.ts';
import { runBench } from './harness/bench.ts';
import type { Figure } from './harness/figure.ts';
import { machineText, thisMachine } from './machine.ts';
import { clocks, Models } from './models.ts';
import { type BenchCommand, benchCommand } from './options.ts';
import { updatePage } from './page.ts';
import { readRecord, withFigures, writeRecord } from './record.ts';

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

function show(figure: Figure, json: boolean): void {
  if (json) {
    console.log(JSON.stringify(figure));
    return;
  }
  const control = figure.control === undefined ? '' : `control ${figure.control.toFixed(3)}`;
  const processor = figure.processorRatio === undefined ? '' : `in processor time ${numberText(figure.processorRatio)}`;
  console.log(
    `${figure.id.padEnd(18)} ${valueText(figure).padEnd(24)} ${targetText(figure).padEnd(14)} ${verdictText(figure)}
    ${[figure.what, sizeText(figure), control, processor, loadText(figure)].filter(Boolean).join('; ')}`,
  );
}

/** Measures one bench after another. A bench that throws is told of and left out. */
async function measureAll({ benches, form, threads, json }: BenchCommand, models: Models): Promise<{ figures: Figure[]; failed: boolean }> {
  const figures: Figure[] = [];
  let failed = false;
  for (const bench of benches) {
    const [start, computed] = [clocks.now(), clocks.processor()];
    try {
      const figure = await runBench(bench, form, { ...clocks, threads, models });
      figures.push(figure);
      show(figure, json);
      tell(`${bench.id}: ${(clocks.now() - start).toFixed(1)} s, ${(clocks.processor() - computed).toFixed(1)} s of processor time`);
    } catch (reason) {
      failed = true;
      tell(`${bench.id}: ${RedQueenError.from(reason).message}`);
    }
  }
  return { figures, failed };
}

async function measureAndTell(command: BenchCommand, folder: string): Promise<void> {
  tell(`${command.form} form, ${command.threads} thread(s) a side, on ${machineText(thisMachine())}`);
  const { figures, failed } = await measureAll(command, new Models(folder, command.sampling));
  if (!command.json && !failed) for (const [name, value] of await runDetails()) console.log(`${name.padEnd(42)} ${value.padStart(22)}`);
  if (failed) process.exitCode = 1;
  if (command.record) {
    const record = withFigures(readRecord(), figures, new Date().toISOString().slice(0, 10));
    writeRecord(record);
    updatePage(record);
    tell('recorded in docs/bench.json and docs/bench.md');
  }
}

const folder = mkdtempSync(join(tmpdir(), 'redqueen-bench-'));
try {
  const command = benchCommand(process.argv.slice(2));
  if (command.page) updatePage(readRecord());
  else await measureAndTell(command, folder);
} catch (reason) {
  tell(RedQueenError.from(reason).message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
