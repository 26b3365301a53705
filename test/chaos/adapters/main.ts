// npm run chaos:adapters -- [--flips 2000] [--seed 1] [--json]: crafted and broken adapter files against the device, and against stock llama.cpp alone.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startDevice } from '@redqueen/llama';
import { craftedAdapters } from '../../../packages/llama/src/testing/crafted-adapters.ts';
import { writeTinyModel } from '../../../packages/llama/src/testing/tiny-model.ts';
import { stockOutcomes } from './stock-baseline.ts';
import { type AdapterTrial, isMet, runAdapterTrial, trialBase } from './trial.ts';

const { values } = parseArgs({
  options: {
    flips: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);

/** What stock llama.cpp does with the bad files when nothing looks at them first: files by outcome. */
async function baseline(modelPath: string, folder: string): Promise<Record<string, readonly string[]>> {
  const device = await startDevice({ modelPath, threads: 1 });
  const base = await trialBase(device);
  await device.close();
  const bad = craftedAdapters(base).filter(({ refusal }) => refusal !== null);
  const outcomes = [...(await stockOutcomes(bad, modelPath, folder))];
  const kinds = { died: 'died', 'not finite': 'logits not finite', finite: 'accepted', refused: 'refused' };
  return Object.fromEntries(
    Object.entries(kinds).map(([start, kind]) => [kind, outcomes.filter(([, outcome]) => outcome.startsWith(start)).map(([name]) => name)]),
  );
}

function print(trial: AdapterTrial, stock: Record<string, readonly string[]>): void {
  console.log(`crafted files: ${trial.bad} bad, ${trial.fine} good; seed ${seed}`);
  console.log(`  loaded though bad: ${trial.accepted.join(', ') || 'none'}; refused though good: ${trial.refused.join(', ') || 'none'}`);
  console.log(`${trial.flips} files with one bit flipped: ${trial.flips - trial.missedByHash.length} caught by the known hash`);
  console.log(
    `  with a hash of their own: ${trial.flipsRefused} refused, ${trial.flipsStopped} stopped by the canary, ${trial.flipsServed} served`,
  );
  console.log(`crashes: ${trial.crashes.join(', ') || 'none'}; answers that are not finite: ${trial.notFinite.join(', ') || 'none'}`);
  console.log('stock llama.cpp alone, over the bad files:');
  for (const [kind, names] of Object.entries(stock)) console.log(`  ${kind}: ${names.length} (${names.join(', ')})`);
}

const folder = mkdtempSync(join(tmpdir(), 'redqueen-chaos-'));
try {
  const modelPath = writeTinyModel(folder);
  const stock = await baseline(modelPath, folder);
  const trial = await runAdapterTrial({ modelPath, seed, flips: Number(values.flips) });
  const met = isMet(trial);
  const target = 'no bad file loaded, no good one refused, no crash, no answer that is not finite, every flip caught by a known hash';
  if (values.json) {
    const counts = Object.fromEntries(Object.entries(stock).map(([kind, names]) => [kind, names.length]));
    console.log(JSON.stringify({ id: 'R11', value: { ...trial, stock: counts }, target, verdict: met ? 'met' : 'missed', seed }));
  } else print(trial, stock);
  if (!met) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
