import type { Credit, CreditAssigner, CreditGroup, PluginOf } from '../plugins/index.ts';
import type { Random } from '../ports.ts';
import { pick } from '../random.ts';
import { pluginConformance } from './plugin.ts';
import { forEachCase, frozen, requireEqual, requireThat, several, type Conformance } from './promise.ts';

/** How the groups of a kit are made. */
export interface CreditCases {
  /** Samples in a group; 1 to 8 where it is left out. */
  readonly samples?: number;
}

/** Any groups; every fourth has equal totals. Stages that follow a normaliser get its advantages: totals less their mean. */
function anyGroups(random: Random, { stage = 'normalise' }: CreditAssigner, { samples }: CreditCases): CreditGroup[] {
  return several(random, 1, 6, (number) => {
    const equal = random.integer(4) === 0;
    const made = several(random, samples ?? 1, samples ?? 8, () => ({
      total: equal ? 0.5 : pick(random, [-1, 0, 0, 1, 1, random.uniform()]),
      tokens: 1 + random.integer(9),
      logProbability: -5 * random.uniform() - 1e-3,
      answer: String(random.integer(3)),
    }));
    const centre = made.reduce((sum, { total }) => sum + total, 0) / made.length;
    const mixed = made.some(({ total }) => total !== made[0]?.total);
    const before = stage === 'normalise' || !mixed ? {} : { advantages: made.map(({ total }) => total - centre) };
    return { id: `g${number}`, samples: made, tags: { solveRate: random.uniform() }, ...before };
  });
}

function keptOf(groups: readonly CreditGroup[], { advantages, normaliser, groups: placed = groups }: Credit): void {
  requireThat(advantages.length === placed.length, `${advantages.length} lists of advantages for ${placed.length} groups`);
  requireThat(Number.isFinite(normaliser) && normaliser >= 0, `normaliser ${normaliser}`);
  for (const [index, list] of advantages.entries()) {
    const { id, samples } = placed[index] as CreditGroup;
    requireThat(
      list === undefined || list.length === samples.length,
      `group ${id}: ${list?.length} advantages for ${samples.length} samples`,
    );
    requireThat(list === undefined || list.every(Number.isFinite), `group ${id}: an advantage is not finite`);
  }
  const taught = advantages.some((list) => list?.some((advantage) => advantage !== 0));
  requireThat(!taught || normaliser > 0, 'there is a signal and the normaliser is 0');
}

/** What every credit assigner keeps. `options` are those that a recipe gives it. */
export function creditAssignerConformance(
  plugin: PluginOf<'credit-assigner'>,
  options: object = {},
  cases: CreditCases = {},
): readonly Conformance[] {
  const make = (): CreditAssigner => plugin.create(options, {});
  return [
    ...pluginConformance(plugin),
    {
      promise: 'one finite advantage a sample, and a positive normaliser where there is a signal',
      check: forEachCase((random) => {
        const groups = frozen(anyGroups(random, make(), cases));
        keptOf(groups, make().assign(groups));
      }),
    },
    {
      promise: 'a batch without groups is no error',
      check: () => keptOf([], make().assign([])),
    },
    {
      promise: 'the same groups give the same credit',
      check: forEachCase((random) => {
        const groups = frozen(anyGroups(random, make(), cases));
        requireEqual(make().assign(groups), make().assign(groups), 'a second time');
      }),
    },
    {
      promise: 'of scope "group", a group’s advantages do not depend on the others',
      check: forEachCase((random) => {
        const assigner = make();
        if (assigner.scope !== 'group') return;
        const groups = frozen(anyGroups(random, assigner, cases));
        const alone = groups.flatMap((group) => assigner.assign([group]).advantages);
        requireEqual(assigner.assign(groups).advantages, alone, 'together and alone');
      }),
    },
  ];
}
