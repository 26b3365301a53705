// Every bench that computes in this process really runs, on tiny models, and gives a finite number. How fast anything is, is not asserted.
import { afterAll, expect, test } from 'vitest';
import { temporaryFolder } from '../../../packages/llama/src/testing/tiny-model.ts';
import { runBench } from '../harness/bench.ts';
import { clocks, Models } from '../models.ts';
import { benches } from './index.ts';

const folder = temporaryFolder();
afterAll(() => folder.dispose());
const models = new Models(folder.path);

/** Runs of a whole cluster are what the end-to-end tests are for. */
const here = benches.filter(({ id }) => !id.startsWith('run.'));

test.each(here.map((bench) => [bench.id, bench] as const))('%s', async (id, bench) => {
  const figure = await runBench(bench, 'smoke', { ...clocks, threads: 1, models });
  expect(figure.id).toBe(id);
  for (const value of [figure.value, figure.low, figure.high]) expect(value).toSatisfy(Number.isFinite);
  expect(figure.low).toBeLessThanOrEqual(figure.value);
  expect(figure.high).toBeGreaterThanOrEqual(figure.value);
  // Counts may be 0; ratios and times may not.
  if (figure.count > 1) expect(figure.low).toBeGreaterThan(0);
  expect(['met', 'missed', 'not shown']).toContain(figure.verdict);
});
