import type { RunRecord } from '@redqueen/core';
import type { Audited } from './audit.ts';
import type { ChaosCluster } from './cluster.ts';
import { type ChaosFigure, type ChaosOptions, figure } from './scenario.ts';

/** More updates than any scenario lasts, and small held-out sets: the default recipe otherwise as it is. */
const patch = { gate: { perArm: 2 }, report: { perArm: 4 } };

/** Starts the default recipe on the starter model. */
export function learningRun(cluster: ChaosCluster, seed: number): Promise<RunRecord> {
  return cluster.start({ recipe: 'default', seed, updates: 100_000, patch });
}

/** Resolves once the run has made some updates. */
export async function untilLearning(cluster: ChaosCluster, run: string, updates = 4): Promise<void> {
  for await (const progress of cluster.client.runs.watch(run)) if ((progress.updates['executor/0'] ?? 0) >= updates) return;
}

const shown = 10;

/** What must be nothing at the end of every scenario, and says what was counted. Prints what was found. */
export function auditFigures(id: string, options: ChaosOptions, { audit, lost, twice, wrong, drainSeconds }: Audited): ChaosFigure[] {
  for (const [kind, lines] of Object.entries({ lost, twice, wrong })) {
    for (const line of lines.slice(0, shown)) options.say(`${kind}: ${line}`);
  }
  const { messages, tasks, settled, voided, batches, candidates } = audit.counts;
  options.say(`${messages} messages, ${tasks} tasks, ${settled} settled, ${voided} void, ${batches} batches, ${candidates} candidates`);
  options.say(`void because: ${JSON.stringify(audit.voids)}; everything had ended after ${drainSeconds.toFixed(1)} s`);
  const of = `of ${tasks} tasks`;
  return [
    figure(`${id}.lost`, options, lost.length, { atMost: 0 }, of),
    figure(`${id}.twice`, options, twice.length, { atMost: 0 }, of),
    figure(`${id}.wrong`, options, wrong.length, { atMost: 0 }, of),
  ];
}
