import { z } from 'zod';
import { groundTruthFaults } from './ground-truth.ts';

/** A plug-in by name, with its options. */
const use = z.strictObject({
  use: z.string().min(1),
  options: z.record(z.string(), z.unknown()).default({}),
});

/** One plug-in or several that work one after the other. */
const pipeline = z.union([use, z.array(use).min(1)]).transform((one) => (Array.isArray(one) ? one : [one]));

const optimizer = z.strictObject({
  use: z.string().min(1).default('grpo'),
  /** Settings that only this optimizer has. */
  options: z.record(z.string(), z.unknown()).default({}),
  learningRate: z.number().min(0),
  /** Learning rate at the end of the run as a share of the first; linear in between. */
  finalLearningRate: z.number().min(0).max(1).default(0.1),
  clipLow: z.number().positive().default(0.2),
  clipHigh: z.number().positive().default(0.28),
  /** Weight of the KL penalty to the base model. */
  klToBase: z.number().min(0).default(0),
  /** How that KL is estimated from sampled tokens (Schulman 2020). */
  klEstimator: z.enum(['k1', 'k2', 'k3']).default('k3'),
  entropyBonus: z.number().min(0).default(0),
  /** token-mean: every token weighs the same; sequence-mean: every sample does, whatever its length. */
  aggregation: z.enum(['token-mean', 'sequence-mean']).default('token-mean'),
  maxGradientNorm: z.number().positive().default(1),
  beta1: z.number().min(0).max(1).default(0.9),
  beta2: z.number().min(0).max(1).default(0.99),
  weightDecay: z.number().min(0).default(0),
});

const adapter = z.strictObject({
  rank: z.int().min(1).max(256).default(16),
  alpha: z.number().positive().max(1024).default(32),
});

const reward = z.strictObject({
  use: z.string().min(1),
  weight: z.number(),
  options: z.record(z.string(), z.unknown()).default({}),
  /** Earlier terms of the role that must earn a turn more than 0 before this one counts: staged rewards. */
  gate: z.array(z.string().min(1)).default([]),
});

const role = z.strictObject({
  /** Whether the role's policy is updated. */
  trains: z.boolean().default(true),
  optimizer,
  adapter: adapter.prefault({}),
  /** Reward terms and their weights. */
  rewards: z.array(reward).min(1),
  /** Turns rewards into advantages; several are applied in order. */
  credit: pipeline,
  /** Agents of the role, each with its own policy: <role>/0, <role>/1, … Only executors may be several. */
  agents: z.int().min(1).max(8).default(1),
  /** Base model of the role's agents instead of the recipe's; a list names one for each agent. */
  model: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).optional(),
  /** Episodes (verifier: judged attempts; world model: transitions; proposer: proposals) in one update. */
  batch: z.int().min(1),
  /** Updates between two candidates. */
  updatesPerVersion: z.int().min(1).default(4),
});

/** A role of one single agent. */
const soleRole = role.extend({ agents: z.int().min(1).max(1, 'only executors may be several; leave it at 1').default(1) });

/** A role that does not learn: what it would earn is still told and settled. */
const idle = (reward: string, credit = 'mean-only') => ({
  trains: false,
  optimizer: { learningRate: 0 },
  rewards: [{ use: reward, weight: 1 }],
  credit: { use: credit },
  batch: 64,
});

const environment = z.strictObject({
  use: z.string().min(1),
  /** Levels by family; families left out take no part. */
  families: z.record(z.string(), z.array(z.int().min(1)).min(1)),
});

const arm = z.strictObject({
  name: z.string().min(1),
  /** JSON merge patch on the recipe. */
  patch: z.record(z.string(), z.unknown()).default({}),
  /** Run until as many tokens were sampled as in the first arm's run with the same seed. */
  equalTokens: z.boolean().default(false),
  /** Paired seeds of this arm; all of the claim's when left out. */
  seeds: z.int().min(1).optional(),
  /** Executor updates; the recipe's when left out. */
  updates: z.int().min(1).optional(),
});

/** What one threshold of a claim says: the change of a figure between start and end. */
const expectation = z
  .strictObject({
    /** Figure, as <role>.<name>, e.g. executor.sampled. */
    figure: z.string().min(1),
    arm: z.string().min(1),
    /** gain: after − before; value: after. */
    of: z.enum(['gain', 'value']),
    atLeast: z.number().optional(),
    atMost: z.number().optional(),
    /** On how many of the seeds it must hold. */
    seeds: z.enum(['all', 'most', 'mean']).default('all'),
  })
  .refine(({ atLeast, atMost }) => atLeast !== undefined || atMost !== undefined, 'always holds; give it atLeast or atMost');

/** The figure that a claim stands or falls with: the difference between two arms over paired seeds. */
const effect = z
  .strictObject({
    /** Figure, as <role>.<name>. */
    figure: z.string().min(1),
    /** gain: after − before; value: after. */
    of: z.enum(['gain', 'value']).default('gain'),
    arm: z.string().min(1),
    against: z.string().min(1),
    /** up: the interval of arm − against lies above 0; down: below; equal: inside ±margin. */
    direction: z.enum(['up', 'down', 'equal']),
    margin: z.number().positive().optional(),
  })
  .refine(({ direction, margin }) => (direction === 'equal') === (margin !== undefined), {
    path: ['margin'],
    message: 'says how far apart arms may be that count as equal: give it with `direction: equal` and with no other',
  })
  .refine(({ arm: own, against }) => own !== against, { path: ['against'], message: 'is the arm itself; name another one' });

type ArmNames = {
  readonly arms: readonly { readonly name: string }[];
  readonly effect?: { readonly arm: string; readonly against: string } | undefined;
  readonly expect: readonly { readonly arm: string }[];
};

/** An arm that a claim speaks of and does not have would count as never run: a claim that cannot fail. */
function armsExist({ arms, effect: stated, expect }: ArmNames, context: z.RefinementCtx): void {
  const names = arms.map(({ name }) => name);
  const spoken = [
    ...(stated
      ? [
          ['effect', 'arm', stated.arm],
          ['effect', 'against', stated.against],
        ]
      : []),
    ...expect.map(({ arm: name }, index) => ['expect', index, 'arm', name]),
  ];
  for (const path of spoken) {
    const name = path.pop();
    if (names.includes(String(name))) continue;
    context.addIssue({ code: 'custom', path, message: `there is no arm ${JSON.stringify(name)}; the claim has ${names.join(', ')}` });
  }
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined)
    context.addIssue({ code: 'custom', path: ['arms'], message: `there are two arms ${JSON.stringify(twice)}; rename one` });
}

/** The schema of a recipe. Unknown keys are refused. */
export const recipeSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/),
    description: z.string().default(''),
    /** Number of the paper that the recipe re-creates, as docs/recipes.md lists them. */
    paper: z.int().min(1).optional(),
    /** npm packages whose plug-ins the recipe names as <package>/<name>. */
    plugins: z.array(z.string().min(1)).default([]),
    /** Base model: a name in config/models or a path to a GGUF file. */
    model: z.string().min(1),
    seed: z.int().min(0).max(0xffffffff).default(1),
    /** Executor updates after which the run ends. */
    updates: z.int().min(1),
    /** Ends the run early once this many tokens were sampled. */
    maxSampledTokens: z.number().positive().optional(),
    slotsPerTick: z.int().min(1).default(8),
    proposalsPerSlot: z.int().min(1).max(64).default(4),
    attemptsPerTask: z.int().min(1).max(64).default(8),
    predictionsPerTransition: z.int().min(1).max(64).default(8),
    transitionsPerTask: z.int().min(0).default(3),
    /** Versions that a sample may be older than the released one. */
    maxStaleness: z.int().min(0).default(1),
    /** Seconds without news after which an episode that misses rewards is void. */
    episodeTimeoutSeconds: z.number().positive().default(120),
    environments: z.array(environment).min(1),
    /** Where tasks come from; "proposer" draws them from the environment where the proposer does not train. */
    source: use.prefault({ use: 'proposer' }),
    curriculum: use,
    /** Who acts when in an attempt. */
    driver: use.prefault({ use: 'plan' }),
    /** What a role sees. */
    context: use.prefault({ use: 'linear' }),
    /** What persists across tasks, by the name under which contexts and drivers find it. */
    memory: z.record(z.string(), use).default({}),
    /** The first says which attempts are right, for the rewards; the others only give opinions. */
    verifiers: z
      .array(use)
      .min(1)
      .default([
        { use: 'truth', options: {} },
        { use: 'judge', options: {} },
      ]),
    /** none: no reward may come from the environment's checker; truth is then for held-out measurements alone. */
    groundTruth: z.enum(['rewards', 'none']).default('rewards'),
    /**
     * Temperature at which attempts are sampled; the knob temperature.executor. Their log-probs are those at temperature 1 all the same: see docs/reference/knobs.md
     * before changing it for an optimizer that uses ratios.
     */
    temperature: z.number().positive().max(5).default(1),
    /** Which version lives. */
    lineage: use.prefault({ use: 'gated' }),
    /** Roles that are left out do their work with the base model and do not learn. */
    roles: z.strictObject({
      executor: role,
      proposer: soleRole.prefault(idle('validity')),
      verifier: soleRole.prefault(idle('brier', 'expected-pairwise')),
      'world-model': soleRole.prefault(idle('field-accuracy')),
    }),
    /** What rewards are worth: true ones, or permuted among the turns they are compared with (a control arm). */
    rewardControl: z.enum(['true', 'shuffled']).default('true'),
    gate: z
      .strictObject({
        perArm: z.int().min(1).default(6),
        /** A candidate is refused when pass→fail flips exceed fail→pass flips by more than this many standard deviations. */
        tolerance: z.number().min(0).default(2),
        /**
         * Where a proper score decides (verifier): refused when the mean loss exceeds the other’s by more than this many standard errors.
         * Below 0 a candidate must be better by that many.
         */
        lossTolerance: z.number().min(-3).default(0),
      })
      .prefault({}),
    report: z
      .strictObject({
        /** The held-out tasks that are reported; settings are chosen on "develop", so that nothing is ever tuned on those of a claim. */
        split: z.enum(['report', 'develop']).default('report'),
        perArm: z.int().min(1).default(26),
        /** Samples of each held-out task at temperature 1; from 2 on it is also measured whether any of them is right (executor.pass). */
        samples: z.int().min(1).max(64).default(1),
        /** Seconds between two looks at the report anchors while the run goes on. */
        everySeconds: z.number().positive().default(30),
        /** Versions of executor and proposer, from the first to the last, that play against each other when the run ends; 0 for none. */
        crossPlay: z.int().min(0).max(8).default(3),
      })
      .prefault({}),
    /** Which monitors run. */
    monitors: z.array(use).default([]),
    claim: z
      .strictObject({
        headline: z.string(),
        seeds: z.int().min(1).default(5),
        arms: z.array(arm).min(1),
        effect: effect.optional(),
        /** What the short form leaves out of the paper's own experiment, for a reader. */
        leavesOut: z.string().default(''),
        expect: z.array(expectation).default([]),
      })
      .superRefine(armsExist)
      .optional(),
  })
  // A recipe that claims no external reward cannot name what would reach one.
  .superRefine((recipe, context) => {
    for (const { path, message } of groundTruthFaults(recipe)) context.addIssue({ code: 'custom', path, message });
  })
  .superRefine(({ roles }, context) => {
    for (const [name, { model, agents }] of Object.entries(roles)) {
      if (typeof model !== 'object' || model.length === agents) continue;
      const message = `it names ${model.length} models for ${agents} agents; name one for each, or a single one for all`;
      context.addIssue({ code: 'custom', path: ['roles', name, 'model'], message });
    }
  });

/** A validated recipe with every default filled in. */
export type Recipe = z.infer<typeof recipeSchema>;
/** The trained roles of a recipe. */
export type TrainedRole = keyof Recipe['roles'];
/** The settings of one role. */
export type RoleSettings = Recipe['roles'][TrainedRole];
/** Settings of a policy optimizer. */
export type OptimizerSettings = RoleSettings['optimizer'];
