import type { Message } from '@redqueen/contract';
import type { AnyPlugin, RunRecord } from '@redqueen/core';
import { armsOf } from '@redqueen/environments';
import { addresses, type Effects, type StatefulActor, type Tell } from '@redqueen/runtime';
import { curriculumOf } from './curricula/index.ts';
import { fold } from './fold.ts';
import { openSlots, type RunPlan } from './slots.ts';
import { decodeState, encodeState, initialState, type CurriculumState } from './state.ts';

/** What is fixed for a run; `plugins` are those of the recipe's packages. Throws `invalid_argument` where the recipe names no known curriculum or an option does not fit, `not_found` for an unknown family or level. */
export function runPlan(record: RunRecord, plugins: readonly AnyPlugin[] = []): RunPlan {
  const arms = armsOf(record.recipe.environments);
  return { record, arms, curriculum: curriculumOf(record.recipe.curriculum, arms, plugins) };
}

/** The state after a message, and the slots that it opens. Pure. */
export function handle(plan: RunPlan, state: CurriculumState, message: Message): Effects<CurriculumState> {
  const opened = openSlots(plan, fold(plan, state, message));
  return { state: opened.state, tells: opened.slots.map((body): Tell => ({ to: addresses.proposer, kind: 'slot', body })) };
}

/**
 * The curriculum of a run: a single writer whose state is a fold over its mailbox. It opens slots while the capacity rule allows, from the executor's
 * first release until the run is stopped or the executor made its last update.
 */
export function createCurriculumActor(plan: RunPlan): StatefulActor<CurriculumState> {
  return {
    type: 'stateful',
    address: addresses.curriculum,
    reads: 'mailbox',
    initial: () => initialState(plan.arms, plan.curriculum),
    encode: encodeState,
    decode: (bytes) => decodeState(bytes, plan.arms.length),
    receive: (state, message) => handle(plan, state, message),
  };
}
