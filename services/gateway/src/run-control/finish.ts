import { RedQueenError, type RunRecord } from '@redqueen/core';
import { liveReport, type Gateway } from '../gateway.ts';
import type { Projection } from '../projection/projection.ts';
import type { RunView } from '../runs/view.ts';
import { reportedAgents } from './anchors.ts';
import { adapterName, writeAdapter, writeReport } from './files.ts';

const exportTimeoutMs = 30_000;

/** The version of an agent that the final look measured: that one is handed out, whatever was released since. */
function measuredVersion(projection: Projection, agent: string): number {
  return projection.heldOut.looks.get(agent)?.at(-1)?.version ?? 0;
}

async function exportAdapters(gateway: Gateway, view: RunView): Promise<void> {
  const { run } = view.record;
  for (const agent of reportedAgents(view.record.recipe)) {
    const version = measuredVersion(view.projection, agent);
    // Version 0 is the base model: there is no adapter to hand out.
    if (version === 0) continue;
    const { gguf } = await gateway.context.connect('policy').ExportAdapter({ run, agent, version }, { timeoutMs: exportTimeoutMs });
    await writeAdapter(gateway.context.config.dataDir, run, adapterName(agent, version), gguf);
  }
}

/** Ends a run's record: report and, for a finished run, adapters are on disk before the record says so. Safe to repeat. */
export async function concludeRun(
  gateway: Gateway,
  view: RunView,
  status: 'finished' | 'stopped' | 'failed',
  error = '',
): Promise<RunRecord> {
  if (status === 'finished') await exportAdapters(gateway, view);
  const ended: RunRecord = {
    ...view.record,
    status,
    endedAt: view.record.endedAt ?? gateway.context.clock.now(),
    ...(error === '' ? {} : { error }),
  };
  const report = await liveReport(gateway, view);
  await writeReport(gateway.context.config.dataDir, { ...report, status, error, endedAt: new Date(ended.endedAt ?? 0).toISOString() });
  return gateway.runs.update(ended.run, (record) => {
    // Somebody resumed it while it was being stopped: their word is the newer one.
    if (status === 'stopped' && record.status !== 'stopping') return undefined;
    return { ...record, status, endedAt: ended.endedAt, ...(error === '' ? {} : { error }) };
  });
}

/** What to tell a person when a run's files cannot be written. */
export function troubleText(error: unknown): string {
  const { message } = RedQueenError.from(error);
  return /ENOSPC|EDQUOT/.test(message) ? `the disk is full: ${message}; free some space and the run goes on by itself` : message;
}
