import { RedQueenError } from '@redqueen/core';
import type { LossSettings, OddsRatioLoss, PreferenceLoss, SequenceLossSettings } from '../worker/protocol.ts';
import { oddsRatio } from './odds-ratio.ts';
import { preference } from './preference.ts';
import type { SampleLoss, SampleSums } from './sample-loss.ts';
import { sequenceSurrogate } from './sequence-surrogate.ts';
import type { TokenLoss, TokenTerm } from './token-term.ts';

/** Whether a loss looks at whole samples, so that no token's derivative is known before all tokens are. */
export function isSequenceLoss(settings: LossSettings): settings is SequenceLossSettings & LossSettings {
  return settings.kind === 'sequence-clipped' || settings.kind === 'preference' || settings.kind === 'odds-ratio';
}

/** Samples of one prompt by their places. */
type Samples = ReadonlyMap<number, SampleSums>;
type Losses = ReadonlyMap<number, SampleLoss>;

/** Loss of every term, its sample's share divided evenly. `logProbs[i]` is that of `terms[i]` now. */
export function sequenceLosses(settings: SequenceLossSettings, terms: readonly TokenTerm[], logProbs: Float64Array): TokenLoss[] {
  const losses = new Map([...sumSamples(terms, logProbs)].map(([group, samples]) => [group, shares(samples, lossesOf(samples, settings))]));
  return terms.map(({ group, sample }) => (losses.get(group) as ReadonlyMap<number, TokenLoss>).get(sample) as TokenLoss);
}

/** What of each sample's loss falls to each of its tokens. */
function shares(samples: Samples, losses: Losses): ReadonlyMap<number, TokenLoss> {
  return new Map([...losses].map(([sample, whole]) => [sample, { ...whole, loss: whole.loss / (samples.get(sample)?.tokens ?? 1) }]));
}

function sumSamples(terms: readonly TokenTerm[], logProbs: Float64Array): ReadonlyMap<number, Samples> {
  const groups = new Map<number, Map<number, SampleSums>>();
  for (const [index, { group, sample, oldLogProb, baseLogProb, advantage, clipHigh }] of terms.entries()) {
    const samples = groups.get(group) ?? new Map<number, SampleSums>();
    const before = samples.get(sample) ?? { tokens: 0, logProb: 0, oldLogProb: 0, baseLogProb: 0, advantage, clipHigh };
    samples.set(sample, {
      ...before,
      tokens: before.tokens + 1,
      logProb: before.logProb + (logProbs[index] as number),
      oldLogProb: before.oldLogProb + oldLogProb,
      baseLogProb: before.baseLogProb + baseLogProb,
    });
    groups.set(group, samples);
  }
  return groups;
}

function lossesOf(samples: Samples, settings: SequenceLossSettings): Losses {
  if (settings.kind !== 'sequence-clipped') return pairLosses(samples, settings);
  return new Map([...samples].map(([sample, sums]) => [sample, sequenceSurrogate(sums, settings)]));
}

/** The two samples are a pair: the preferred one has a positive advantage, the other a negative one. */
function pairLosses(samples: Samples, settings: PreferenceLoss | OddsRatioLoss): Losses {
  const chosen = [...samples].find(([, { advantage }]) => advantage > 0);
  const rejected = [...samples].find(([, { advantage }]) => advantage < 0);
  if (!chosen || !rejected || samples.size !== 2)
    throw new RedQueenError('invalid_argument', `loss ${settings.kind}: every group must hold one preferred and one other sample`);
  const both = settings.kind === 'preference' ? preference(chosen[1], rejected[1], settings) : oddsRatio(chosen[1], rejected[1], settings);
  return new Map([
    [chosen[0], both.chosen],
    [rejected[0], both.rejected],
  ]);
}
