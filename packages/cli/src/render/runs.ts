import type { RunInfo, RunReport, RunStorageInfo } from '@redqueen/sdk';
import { textTable } from './text-table.ts';

/** The runs, a line each. */
export function runsTable(runs: readonly RunInfo[]): string[] {
  const rows = runs.map(({ run, recipe, seed, status, updatesDone, updates, startedAt }) => [
    run,
    recipe,
    String(seed),
    status,
    `${updatesDone}/${updates}`,
    startedAt,
  ]);
  return textTable(['run', 'recipe', 'seed', 'state', 'updates', 'started'], rows, ['left', 'left', 'right', 'left', 'right']);
}

/** Bytes for a person: "1.4 MB". */
export function bytesText(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const step = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${step === 0 ? bytes : (bytes / 1000 ** step).toFixed(1)} ${units[step]}`;
}

/** Everything about a run as one document. */
export function runDocument({ run, ...stored }: RunStorageInfo, report: RunReport): object {
  const { attempts, settlements, tokens, proposals } = report;
  const agents = report.agents.map(({ agent, version, updates, batches, released, refused, rolledBack, adapterHash }) => ({
    agent,
    version,
    updates,
    batches,
    released,
    refused,
    rolledBack,
    adapterHash,
  }));
  const { sampled, settled, solved } = attempts;
  const counts = { attempts: { sampled, settled, solved }, settlements, proposals: proposals.accepted, sampledTokens: tokens.sampled };
  return { ...run, stored, agents, counts };
}

/** Everything about a run, for a person. */
export function runPage({ run, ...stored }: RunStorageInfo, report: RunReport): string[] {
  const { settlements, attempts } = report;
  const rows = report.agents.map(({ agent, version, updates, batches, released, refused }) => [
    agent,
    `v${version}`,
    String(updates),
    String(batches),
    String(released),
    String(refused),
  ]);
  const ended = run.endedAt === '' ? '' : `, ended ${run.endedAt}`;
  return [
    `Run ${run.run}: recipe ${run.recipe}, seed ${run.seed}, ${run.status}, ${run.updatesDone} of ${run.updates} updates`,
    `started ${run.startedAt}${ended}`,
    ...(run.error === '' ? [] : [`error: ${run.error}`]),
    '',
    ...textTable(['agent', 'version', 'updates', 'batches', 'released', 'refused'], rows, [
      'left',
      'left',
      'right',
      'right',
      'right',
      'right',
    ]),
    '',
    `${settlements.settled} episodes settled, ${settlements.voided} void; ${attempts.settled} of ${attempts.sampled} attempts settled, ${attempts.solved} right`,
    `${stored.deadLetters} dead letters`,
    '',
    `stream     ${stored.messages} messages, ${bytesText(stored.streamBytes)}`,
    `snapshots  ${bytesText(stored.snapshotBytes)}`,
    `files      ${stored.files} adapters and optimizer states, ${bytesText(stored.fileBytes)}, of which other runs share ${bytesText(stored.sharedBytes)}`,
    `folder     ${run.folder}, ${bytesText(stored.documentBytes)}: ${stored.documents.join(', ') || 'empty'}`,
  ];
}
