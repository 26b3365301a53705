import type { CurriculumServiceStateResponseInput, NextResponseInput } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';
import type { ActorHost, CreateService } from '@redqueen/runtime';
import { createCurriculumActor, runPlan } from './actor.ts';
import { capacityOf, runningEpisodes } from './capacity.ts';
import { plugins } from './plugins.ts';
import { armOf, type RunPlan } from './slots.ts';
import type { CurriculumState } from './state.ts';

/** A run with the newest state of its curriculum. */
interface Known {
  readonly plan: RunPlan;
  readonly state: CurriculumState;
}

function preview({ plan, state }: Known, count: number): NextResponseInput {
  if (count < 1 || count > 64) throw new RedQueenError('invalid_argument', `count: ${count} must be 1 to 64`);
  return { slots: Array.from({ length: count }, (_, index) => armOf(plan, state, state.slots + index)) };
}

function stateOf({ plan, state }: Known): CurriculumServiceStateResponseInput {
  const probabilities = plan.curriculum.probabilities(state.memory);
  const progress = plan.curriculum.progress(state.memory);
  return {
    arms: plan.arms.map((arm, index) => ({
      ...arm,
      ...state.arms[index],
      probability: probabilities[index] ?? 0,
      progress: progress[index] ?? 0,
    })),
    running: runningEpisodes(state),
    accepted: state.accepted,
    capacity: capacityOf(state, plan.record.recipe),
  };
}

/** The curriculum service: opens the slots of runs, and shows what it would open next. */
export const createCurriculum: CreateService = async () => {
  const runs = new Map<string, { readonly plan: RunPlan; readonly host: ActorHost<CurriculumState> }>();
  const known = (run: string): Known => {
    const active = runs.get(run);
    const state = active?.host.state();
    if (!active || !state)
      throw new RedQueenError('failed_precondition', `run ${JSON.stringify(run)}: is not at work here; start or resume it`);
    return { plan: active.plan, state };
  };
  return {
    rpc: {
      CurriculumService: {
        Next: async ({ run, count }) => preview(known(run), count),
        State: async ({ run }) => stateOf(known(run)),
      },
    },
    actors: (record, more) => [createCurriculumActor(runPlan(record, more))],
    plugins,
    check: (record, more) => void runPlan(record, more),
    attached: (record, [host], more) => {
      runs.set(record.run, { plan: runPlan(record, more), host: host as ActorHost<CurriculumState> });
    },
    detached: (run) => {
      runs.delete(run);
    },
    dependencies: [],
  };
};
