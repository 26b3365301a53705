import { addressOf, type Address, type ToldInput } from '@redqueen/contract';
import { agentsOfRole, declaredKnobs, type RunRecord } from '@redqueen/core';
import { actorOf } from '@redqueen/runtime';
import type { KnobOrder } from '../monitors/bench.ts';
import { curriculumCommand } from '../projection/controls.ts';
import { pendingTasks, sampledTokens } from '../projection/tallies.ts';
import type { Projection } from '../projection/projection.ts';
import { crossPlayDone, crossPlayTells } from './cross-play.ts';
import { anchorState, measurableAgents, periodicAnchors, reportedAgents, type AnchorTell } from './anchors.ts';

/** What run control is to do next. */
export type Step =
  /** Publish a message; publishing it again is harmless, because its id says what it is. */
  | { readonly kind: 'tell'; readonly id: string; readonly to: Address; readonly told: ToldInput }
  /** Write the report and the adapters, and mark the run finished. */
  | { readonly kind: 'finish' }
  /** Mark the run stopped. */
  | { readonly kind: 'stopped' }
  /** Mark the run failed. */
  | { readonly kind: 'fail'; readonly error: string };

/** A stopping run is called stopped after this long without any message, even when episodes are still open: they wait in the mailboxes. */
const quietMs = 2500;
/** With nothing open, this long without a message is enough. */
const settledQuietMs = 750;

const curriculum: Address = { role: 'curriculum', key: '0' };
const policy: Address = { role: 'policy', key: '0' };

function control(id: string, to: Address, command: string, reason: string): Step {
  return { kind: 'tell', id, to, told: { kind: 'control', body: { command, agent: '', version: 0, reason } } };
}

function anchor({ id, agent, body }: AnchorTell): Step {
  return { kind: 'tell', id, to: actorOf(agent), told: { kind: 'anchorTask', body } };
}

/** What a monitor ordered, told to the actor that owns the knob. */
function knob({ id, name, value, by, reason }: KnobOrder): Step {
  return { kind: 'tell', id, to: addressOf(declaredKnobs.get(name).owner), told: { kind: 'knob', body: { name, value, by, reason } } };
}

/** How often the curriculum was told that; numbers the ids, so that a second stop is another message than the first. */
function told(projection: Projection, command: string): number {
  return projection.controls.entries.filter((entry) => entry.to === 'curriculum/0' && entry.command === command).length;
}

function stop(record: RunRecord, projection: Projection, reason: string): Step[] {
  if (curriculumCommand(projection.controls) === 'stop') return [];
  return [control(`${record.run}-stop-${told(projection, 'stop') + 1}`, curriculum, 'stop', reason)];
}

function start(record: RunRecord, projection: Projection): Step[] {
  const steps: Step[] = [];
  if (!projection.controls.entries.some(({ to, command }) => to === 'policy/0' && command === 'start')) {
    steps.push(control(`${record.run}-start-policy`, policy, 'start', ''));
  }
  const command = curriculumCommand(projection.controls);
  if (command === undefined) steps.push(control(`${record.run}-start-curriculum`, curriculum, 'start', ''));
  if (command === 'stop')
    steps.push(control(`${record.run}-start-curriculum-${told(projection, 'start') + 1}`, curriculum, 'start', 'resumed'));
  return steps;
}

/** Why the run ends now, if it does. */
export function endOf(record: RunRecord, projection: Projection): string | undefined {
  const executors = agentsOfRole(record.recipe, 'executor');
  if (executors.every((agent) => projection.lineages.agents.get(agent)?.last)) return `${record.updates} updates made`;
  const limit = record.recipe.maxSampledTokens;
  if (limit !== undefined && sampledTokens(projection.tallies) >= limit) return `${limit} tokens sampled`;
  return undefined;
}

function askEverybody(record: RunRecord, projection: Projection, point: string, agents: readonly string[], now: number): Step[] {
  return agents.flatMap((agent): Step[] => {
    const state = anchorState(record, projection, point, agent, now);
    if (state === 'answered' || state === 'waiting') return [];
    if (state === 'lost')
      return [
        { kind: 'fail', error: `${agent} did not answer the report anchors (${point}); see its service's log and \`redqueen dead list\`` },
      ];
    return [anchor(state)];
  });
}

function end(record: RunRecord, projection: Projection, reason: string, now: number): Step[] {
  const everybody = reportedAgents(record.recipe);
  const steps = [...stop(record, projection, reason), ...askEverybody(record, projection, 'end', everybody, now)];
  const answered = (point: string) => everybody.every((agent) => anchorState(record, projection, point, agent, now) === 'answered');
  if (!answered('start') || !answered('end')) return steps;
  const matrix = crossPlayTells(record, projection).map(anchor);
  if (matrix.length > 0) return [...steps, ...matrix];
  return crossPlayDone(projection, now) ? [...steps, { kind: 'finish' }] : steps;
}

function stopping(record: RunRecord, projection: Projection, now: number): Step[] {
  const steps = stop(record, projection, 'stopped by a person');
  if (steps.length > 0) return steps;
  const quiet = now - (projection.lastAt ?? now);
  const inHand = projection.episodes.open.size + pendingTasks(projection.tallies);
  return quiet >= (inHand === 0 ? settledQuietMs : quietMs) ? [{ kind: 'stopped' }] : [];
}

/**
 * What is to be done for a run, from its record, its stream and the time alone: a gateway that starts again comes to the same answer.
 * The projection must have caught up with the stream. Pure.
 */
export function plan(record: RunRecord, projection: Projection, now: number): Step[] {
  if (record.status === 'stopping') return stopping(record, projection, now);
  if (record.status !== 'running') return [];
  const first = askEverybody(record, projection, 'start', measurableAgents(record.recipe, projection), now);
  const reason = endOf(record, projection);
  if (reason !== undefined) return [...first, ...end(record, projection, reason, now)];
  return [
    ...start(record, projection),
    ...first,
    ...periodicAnchors(record, projection, now).map(anchor),
    ...projection.monitors.orders.map(knob),
  ];
}
