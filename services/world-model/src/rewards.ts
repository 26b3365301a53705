import type { SampleGroup, Transition } from '@redqueen/contract';
import { fieldAccuracy } from '@redqueen/environments';
import { agents, type Earned } from '@redqueen/runtime';

/** What each prediction earned: the share of the executed step's fields that it got right; 0 for one that did not end. Turn: transition · samples + sample. */
export function predictionRewards(transitions: readonly Transition[], groups: readonly SampleGroup[]): Earned[] {
  return groups.flatMap(({ samples }, transition) =>
    samples.map(({ text, failure }, sample) => {
      const outcome = transitions[transition]?.outcome ?? '';
      const value = failure === 'FAILURE_CLASS_OK' ? fieldAccuracy(text, outcome) : 0;
      const evidence = `said ${JSON.stringify(text)}, was ${JSON.stringify(outcome)}`;
      return { agent: agents.worldModel, turn: transition * samples.length + sample, term: 'field-accuracy', value, evidence };
    }),
  );
}
