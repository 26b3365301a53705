import type { SlotInput } from '@redqueen/contract';
import { randomOf, seedOf, weightedIndex, type ArmKey, type Curriculum, type Recipe, type RunRecord } from '@redqueen/core';
import { nextSlotSize } from './capacity.ts';
import type { CurriculumState } from './state.ts';
import { temperatureOf } from './temperature.ts';

/** What is fixed for a run. */
export interface RunPlan {
  readonly record: RunRecord;
  readonly arms: readonly ArmKey[];
  readonly curriculum: Curriculum;
}

/** Id of the n-th slot of a run: <tick>.<index>. */
export function slotId(number: number, slotsPerTick: number): string {
  return `${Math.floor(number / slotsPerTick)}.${number % slotsPerTick}`;
}

/** The arm of the n-th slot, were it opened now. */
export function armOf({ record, arms, curriculum }: RunPlan, state: CurriculumState, number: number): ArmKey {
  const random = randomOf(record.seed, slotId(number, record.recipe.slotsPerTick), 'arm');
  return arms[weightedIndex(random, curriculum.probabilities(state.memory))] as ArmKey;
}

/** The source of a run's slots: a proposer that does not train proposes nothing, the environment draws instead. */
function sourceOf({ source, roles }: Recipe): string {
  return source.use === 'proposer' && !roles.proposer.trains ? 'generator' : source.use;
}

/** Opens as many slots as the capacity rule allows, once the run is under way. */
export function openSlots(plan: RunPlan, before: CurriculumState): { state: CurriculumState; slots: readonly SlotInput[] } {
  const { recipe, seed } = plan.record;
  const slots: SlotInput[] = [];
  let state = before;
  if (!state.started || !state.ready || state.finished) return { state, slots };
  for (let size = nextSlotSize(state, recipe); size > 0; size = nextSlotSize(state, recipe)) {
    const id = slotId(state.slots, recipe.slotsPerTick);
    slots.push({
      slotId: id,
      ...armOf(plan, state, state.slots),
      seed: seedOf(seed, id, 'slot'),
      proposals: size,
      attempts: recipe.attemptsPerTask,
      temperature: temperatureOf(plan.record, state, id),
      source: sourceOf(recipe),
    });
    state = { ...state, slots: state.slots + 1, opened: state.opened + size };
  }
  return { state, slots };
}
