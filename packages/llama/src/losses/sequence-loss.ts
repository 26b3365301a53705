import { RedQueenError } from '@redqueen/core';
import type { LossSettings, SequenceLossSettings } from '../worker/protocol.ts';
import { oddsRatio } from './odds-ratio.ts';
import { preference } from './preference.ts';
import type { SampleLoss, SampleSums } from './sample-loss.ts';
import { sequenceSurrogate } from './sequence-surrogate.ts';
import type { TokenLoss, TokenTerm } from './token-term.ts';

/** Whether a loss looks at whole samples, so that no token's derivative is known before all tokens are. */
export function isSequenceLoss(settings: LossSettings): settings is SequenceLossSettings & LossSettings {
  return settings.kind === 'sequence-clipped' || settings.kind === 'preference' || settings.kind === 'odds-ratio';
}

/** Loss of every term, its sample's share divided evenly. `logProbs[i]` is that of `terms[i]` now. */
export function sequenceLosses(settings: SequenceLossSettings, terms: readonly TokenTerm[], logProbs: Float64Array): TokenLoss[] {
  const bySample = sumSamples(terms, logProbs);
  const losses = settings.kind === 'sequence-clipped' ? surrogates(bySample, settings) : pairLosses(bySample, terms, settings);
  return terms.map(({ sample }) => {
    const { loss, derivative, clipped } = losses.get(sample) as SampleLoss;
    return { loss: loss / (bySample.get(sample) as SampleSums).tokens, derivative, clipped };
  });
}

function sumSamples(terms: readonly TokenTerm[], logProbs: Float64Array): Map<number, SampleSums> {
  const sums = new Map<number, SampleSums>();
  for (const [index, { sample, oldLogProb, baseLogProb, advantage, clipHigh }] of terms.entries()) {
    const before = sums.get(sample) ?? { tokens: 0, logProb: 0, oldLogProb: 0, baseLogProb: 0, advantage, clipHigh };
    sums.set(sample, {
      ...before,
      tokens: before.tokens + 1,
      logProb: before.logProb + (logProbs[index] as number),
      oldLogProb: before.oldLogProb + oldLogProb,
      baseLogProb: before.baseLogProb + baseLogProb,
    });
  }
  return sums;
}

function surrogates(
  samples: ReadonlyMap<number, SampleSums>,
  settings: Extract<SequenceLossSettings, { kind: 'sequence-clipped' }>,
): Map<number, SampleLoss> {
  return new Map([...samples].map(([sample, sums]) => [sample, sequenceSurrogate(sums, settings)]));
}

/** A group's samples are a pair: the preferred one has a positive advantage, the other a negative one. */
function pairLosses(
  samples: ReadonlyMap<number, SampleSums>,
  terms: readonly TokenTerm[],
  settings: Exclude<SequenceLossSettings, { kind: 'sequence-clipped' }>,
): Map<number, SampleLoss> {
  const groups = Map.groupBy(new Map(terms.map(({ sample, group }) => [sample, group])), ([, group]) => group);
  const losses = new Map<number, SampleLoss>();
  for (const members of groups.values()) {
    const numbers = members.map(([sample]) => sample);
    const chosen = numbers.find((sample) => (samples.get(sample)?.advantage ?? 0) > 0);
    const rejected = numbers.find((sample) => (samples.get(sample)?.advantage ?? 0) < 0);
    if (chosen === undefined || rejected === undefined || numbers.length !== 2)
      throw new RedQueenError('invalid_argument', `loss ${settings.kind}: every group must hold one preferred and one other sample`);
    const [good, bad] = [samples.get(chosen) as SampleSums, samples.get(rejected) as SampleSums];
    const both = settings.kind === 'preference' ? preference(good, bad, settings) : oddsRatio(good, bad, settings);
    losses.set(chosen, both.chosen).set(rejected, both.rejected);
  }
  return losses;
}
