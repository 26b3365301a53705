import type { ServerResponse } from 'node:http';
import type { RunRecord } from '@redqueen/core';
import { currentReport, type Gateway } from '../gateway.ts';
import { isLive } from '../runs/views.ts';

/** Between two looks at the run. */
const tickMs = 1000;

function send(response: ServerResponse, event: string, data: unknown): boolean {
  return response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** The run that is meant: the one named, else the newest. */
async function chosenRecord(gateway: Gateway, run: string | null) {
  const records = await gateway.runs.list();
  return run ? records.find((record) => record.run === run) : records[0];
}

/**
 * Server-sent events of a run: `report` with the whole report whenever it has changed, `waiting` while there is no run. A reader that cannot keep up
 * misses reports, never memory: each report stands for itself.
 */
export async function streamEvents(gateway: Gateway, run: string | null, response: ServerResponse, signal: AbortSignal): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', connection: 'keep-alive' });
  let sent = '';
  let writable = true;
  response.on('drain', () => (writable = true));
  while (!signal.aborted) {
    const record = await chosenRecord(gateway, run);
    const state = stateOf(gateway, record);
    if (state !== sent && writable) {
      const report = record && (await currentReport(gateway, record, signal));
      writable = report ? send(response, 'report', report) : send(response, 'waiting', {});
      sent = state;
    } else if (writable) response.write(': still here\n\n');
    await gateway.context.clock.sleep(tickMs, signal);
  }
}

/** Changes whenever there is something new to show. */
function stateOf(gateway: Gateway, record: RunRecord | undefined): string {
  if (!record) return 'none';
  const messages = isLive(record) ? gateway.views.of(record).projection.messages : 'over';
  return `${record.run} ${record.status} ${record.endedAt} ${messages}`;
}
