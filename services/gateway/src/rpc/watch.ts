import type { WatchRunResponseInput } from '@redqueen/contract';
import type { Handlers } from '@redqueen/runtime';
import { readyView, recordOf, type Gateway } from '../gateway.ts';
import { focusOf } from '../projection/frontier.ts';
import { elapsedSeconds, runSeconds } from '../projection/projection.ts';
import { sampledTokens, trainedTokens } from '../projection/tallies.ts';
import type { RunView } from '../runs/view.ts';
import { isLive } from '../runs/views.ts';
import { runMessage } from './run-message.ts';

/** Between two answers. */
const tickMs = 1000;

/** Progress of a run as it stands. */
async function progressOf(gateway: Gateway, view: RunView): Promise<WatchRunResponseInput> {
  const { projection, record } = view;
  const agents = [...projection.lineages.agents.values()];
  const figures = [...projection.heldOut.looks].flatMap(([agent, looks]) =>
    (looks.at(-1)?.figures ?? []).map(({ name, value }) => [`${agent}.${name}`, value] as const),
  );
  return {
    run: await runMessage(gateway, record),
    elapsedSeconds: isLive(record) ? runSeconds(projection, gateway.context.clock.now()) : elapsedSeconds(projection),
    updates: Object.fromEntries(agents.map(({ agent, updates }) => [agent, updates])),
    versions: Object.fromEntries(agents.map(({ agent, version }) => [agent, Math.max(0, version)])),
    figures: Object.fromEntries(figures),
    attempts: projection.tallies.settledAttempts,
    sampledTokens: sampledTokens(projection.tallies),
    trainedTokens: trainedTokens(projection.tallies),
    frontier: focusOf(projection.frontier),
    staleness: projection.staleness.mean,
    note: view.problem || (projection.controls.notes.at(-1)?.text ?? ''),
  };
}

/** A run's progress once a second; the last answer is the one that says how it ended. */
export function watchHandler(gateway: Gateway): Handlers<'GatewayService'>['WatchRun'] {
  return async function* ({ run }, call) {
    const view = await readyView(gateway, await recordOf(gateway, run), call.signal);
    while (isLive(view.record)) {
      yield await progressOf(gateway, view);
      await gateway.context.clock.sleep(tickMs, call.signal);
    }
    yield await progressOf(gateway, view);
  };
}
