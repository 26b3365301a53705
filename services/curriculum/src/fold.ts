import type { Control, Knob, Message, Refused, Rejected, Released, Settlement } from '@redqueen/contract';
import { agentsOfRole, movingAverage } from '@redqueen/core';
import { agents, noUseFor } from '@redqueen/runtime';
import { executorHeard } from './executors.ts';
import type { RunPlan } from './slots.ts';
import type { CurriculumState } from './state.ts';
import { isTemperatureKnob } from './temperature.ts';

/** Ids of task episodes; predictions ("/w"), refused proposals ("/r") and submitted tasks are no episodes of a slot. */
const slotEpisode = /^\d+\.\d+\.\d+$/;
/** Rate of the moving average of the training solve rate that the RPC shows. */
const solveRateOf = 0.05;

/** The state after a message; pure, and the same whatever else is going on. Throws `invalid_argument` for a kind that it does not act on. */
export function fold(plan: RunPlan, state: CurriculumState, message: Message): CurriculumState {
  switch (message.kind) {
    case 'control':
      return controlled(state, message.body);
    case 'released':
      return released(plan, state, message.body);
    case 'refused':
      return refused(plan, state, message.body);
    case 'settlement':
      return settled(plan, state, message.body);
    case 'rejected':
      return rejected(state, message.body);
    case 'knob':
      return turned(plan, state, message.body);
    default:
      throw noUseFor(message, 'control', 'released', 'refused', 'settlement', 'rejected', 'knob');
  }
}

function controlled(state: CurriculumState, { command }: Control): CurriculumState {
  if (command === 'start') return { ...state, started: true };
  if (command === 'stop') return { ...state, started: false };
  return state;
}

function isExecutor({ recipe }: RunPlan['record'], agent: string): boolean {
  return agentsOfRole(recipe, 'executor').includes(agent);
}

/** Releases that consumed episodes and so open room; a rollback or promotion consumes none. Updates that changed nothing were made all the same. */
const decided: ReadonlySet<string> = new Set(['gate', 'no-gate', 'unchanged']);

function released({ record, arms, curriculum }: RunPlan, state: CurriculumState, body: Released): CurriculumState {
  if (!isExecutor(record, body.agent)) return state;
  const heard = executorHeard(record.recipe, state, body.agent, { versions: decided.has(body.reason) ? 1 : 0, last: body.last });
  // Progress is that of one policy: peers get better each at its own pace.
  if (body.agent !== agents.executor) return heard;
  const accuracies = arms.map(({ family, level }) => {
    const arm = body.arms.find((other) => other.family === family && other.level === level);
    return arm && arm.count > 0 ? arm.passed / arm.count : undefined;
  });
  return { ...heard, memory: curriculum.released(state.memory, accuracies) };
}

function refused({ record }: RunPlan, state: CurriculumState, body: Refused): CurriculumState {
  if (!isExecutor(record, body.agent)) return state;
  return executorHeard(record.recipe, state, body.agent, { versions: 1, last: body.last });
}

function settled({ arms, curriculum }: RunPlan, state: CurriculumState, body: Settlement): CurriculumState {
  if (!slotEpisode.test(body.episodeId)) return state;
  if (body.status !== 'SETTLEMENT_STATUS_SETTLED') return { ...state, voided: state.voided + 1 };
  const accepted = { ...state, accepted: state.accepted + 1 };
  const { spec, attempts, solved } = body;
  const arm = arms.findIndex(
    ({ environment, family, level }) => spec?.environment === environment && spec.family === family && spec.level === level,
  );
  if (arm < 0 || attempts === 0) return accepted;
  return {
    ...accepted,
    arms: state.arms.map((known, index) => {
      if (index !== arm) return known;
      const rate = solved / attempts;
      return { episodes: known.episodes + 1, solveRate: known.episodes === 0 ? rate : movingAverage(known.solveRate, rate, solveRateOf) };
    }),
    memory: curriculum.settled(state.memory, arm, { attempts, solved }),
  };
}

function rejected(state: CurriculumState, { reason }: Rejected): CurriculumState {
  return { ...state, rejected: { ...state.rejected, [reason]: (state.rejected[reason] ?? 0) + 1 } };
}

/** A knob that is not the curriculum's, or a value that does not fit, changes nothing: whoever told it is told by the gateway. */
function turned({ curriculum }: RunPlan, state: CurriculumState, { name, value }: Knob): CurriculumState {
  if (isTemperatureKnob(name, value)) return { ...state, knobs: { ...state.knobs, [name]: value } };
  const memory = curriculum.turned(state.memory, name, value);
  return memory === undefined ? state : { ...state, memory };
}
