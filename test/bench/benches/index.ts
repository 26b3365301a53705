import { RedQueenError } from '@redqueen/core';
import { adapterBenches } from './adapters.ts';
import type { ModelBench } from './bench.ts';
import { contentionBenches } from './contention.ts';
import { eventCostBenches } from './event-cost.ts';
import { localAndRemoteBenches } from './local-and-remote.ts';
import { memberBenches } from './members.ts';
import { promptSharingBenches } from './prompt-sharing.ts';
import { runBenches } from './run.ts';
import { samplingBenches } from './sampling.ts';
import { scalingBenches } from './scaling.ts';
import { sharedTrainingBenches } from './shared-training.ts';
import { trainingBenches } from './training.ts';
import { slotBenches } from './slots.ts';
import { tellBenches } from './tells.ts';
import { turnBenches } from './turns.ts';

/** Every bench, in the order that they run in. */
export const benches: readonly ModelBench[] = [
  ...samplingBenches,
  ...promptSharingBenches,
  ...slotBenches,
  ...trainingBenches,
  ...sharedTrainingBenches,
  ...adapterBenches,
  ...turnBenches,
  ...memberBenches,
  ...contentionBenches,
  ...tellBenches,
  ...localAndRemoteBenches,
  ...scalingBenches,
  ...eventCostBenches,
  ...runBenches,
];

/** The benches whose id is one of the names or begins with one and a dot; all without names. Throws `invalid_argument` for a name that fits none. */
export function chosenBenches(names: readonly string[]): readonly ModelBench[] {
  const fits = (name: string) => (bench: ModelBench) => bench.id === name || bench.id.startsWith(`${name}.`);
  for (const name of names) {
    if (!benches.some(fits(name))) {
      const known = [...new Set(benches.map(({ id }) => id.split('.')[0]))].join(', ');
      throw new RedQueenError(
        'invalid_argument',
        `--only: there is no bench "${name}"; benches are ${known}, or one figure of theirs such as ${benches[0]?.id}`,
      );
    }
  }
  return names.length === 0 ? benches : benches.filter((bench) => names.some((name) => fits(name)(bench)));
}
