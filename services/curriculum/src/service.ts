import type { CurriculumServiceStateResponseInput, NextResponseInput } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';
import type { CreateService } from '@redqueen/runtime';
import { createCurriculumActor, runPlan } from './actor.ts';
import { capacityOf, runningEpisodes } from './capacity.ts';
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
  const runs = new Map<string, Known>();
  const known = (run: string): Known => {
    const found = runs.get(run);
    if (!found)
      throw new RedQueenError('not_found', `run: the curriculum of ${JSON.stringify(run)} is not active here; ask while the run goes on`);
    return found;
  };
  return {
    rpc: {
      CurriculumService: {
        Next: async ({ run, count }) => preview(known(run), count),
        State: async ({ run }) => stateOf(known(run)),
      },
    },
    actors: (record) => {
      const plan = runPlan(record);
      return [createCurriculumActor(plan, (state) => runs.set(record.run, { plan, state }))];
    },
    dependencies: [],
  };
};
