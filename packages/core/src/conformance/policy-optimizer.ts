import type { Batch, TrainingGroup } from '@redqueen/contract';
import type { PluginOf, PolicyOptimizer } from '../plugins/index.ts';
import type { Random } from '../ports.ts';
import { recipeSchema, type OptimizerSettings } from '../recipe.ts';
import { pluginConformance } from './plugin.ts';
import { forEachCase, frozen, requireEqual, requireThat, several, textOf, type Conformance } from './promise.ts';

const settings: OptimizerSettings = recipeSchema.shape.roles.shape.executor.shape.optimizer.parse({ learningRate: 1e-3 });

function anyGroup(random: Random, number: number): TrainingGroup {
  const samples = several(random, 2, 6, () => {
    const tokens = several(random, 1, 5, () => random.integer(256));
    const advantage = 4 * random.uniform() - 2;
    const [oldLogProbs, advantages] = [tokens.map(() => -3 * random.uniform()), tokens.map(() => advantage)];
    return { tokens, oldLogProbs, advantages, given: [] };
  });
  return { episodeId: `0.0.${number}`, promptTokens: [256, 49, 61], samples, version: 1, solveRate: 0.1 + 0.8 * random.uniform() };
}

function anyBatch(random: Random): Batch {
  const groups = several(random, 1, 4, (index) => anyGroup(random, index));
  const tokens = groups.flatMap(({ samples }) => samples.flatMap((sample) => sample.tokens)).length;
  const counts = { episodes: groups.length, sampledTokens: tokens, stale: 0, meanReward: 0.5, refused: 0, wasted: 0 };
  return { agent: 'executor/0', number: 1, groups, normaliser: tokens, settlementDigests: [], ...counts } as Batch;
}

function damaged(batch: Batch, change: (sample: TrainingGroup['samples'][number]) => object): Batch {
  const [first, ...others] = batch.groups as [TrainingGroup, ...TrainingGroup[]];
  const [sample, ...samples] = first.samples as [TrainingGroup['samples'][number], ...TrainingGroup['samples']];
  return { ...batch, groups: [{ ...first, samples: [{ ...sample, ...change(sample) }, ...samples] }, ...others] };
}

function requireRefusal(optimizer: PolicyOptimizer, batch: Batch, what: string): void {
  let refused = false;
  try {
    optimizer.request(batch, settings, 1e-3);
  } catch {
    refused = true;
  }
  requireThat(refused, `${what} was taken`);
}

/** What every policy optimizer keeps. `options` are those that a recipe gives it. */
export function policyOptimizerConformance(plugin: PluginOf<'policy-optimizer'>, options: object = {}): readonly Conformance[] {
  const make = (): PolicyOptimizer => plugin.create(options, {});
  return [
    ...pluginConformance(plugin),
    {
      promise: 'every number of a request is finite',
      check: forEachCase((random) => {
        const text = textOf(make().request(frozen(anyBatch(random)), settings, 1e-3));
        requireThat(!/number (NaN|-?Infinity)/.test(text), text);
      }),
    },
    {
      promise: 'the same batch gives the same request, at the learning rate that it was given',
      check: forEachCase((random) => {
        const batch = frozen(anyBatch(random));
        requireEqual(make().request(batch, settings, 1e-3), make().request(batch, settings, 1e-3), 'a second time');
        requireThat(textOf(make().request(batch, settings, 0.0625)).includes('0.0625'), 'the learning rate is nowhere in the request');
      }),
    },
    {
      promise: 'lists that do not fit together and numbers that are not finite are refused',
      check: forEachCase((random) => {
        const batch = anyBatch(random);
        requireRefusal(
          make(),
          damaged(batch, ({ advantages }) => ({ advantages: [...advantages, 1] })),
          'one advantage too many',
        );
        requireRefusal(
          make(),
          damaged(batch, ({ tokens }) => ({ oldLogProbs: tokens.map(() => Number.NaN) })),
          'a log-probability that is not a number',
        );
      }),
    },
  ];
}
