import type { AttemptPlan, DriverTools, PluginOf, PolicyClient, RolloutDriver, Task } from '../plugins/index.ts';
import { linear } from '../contexts/linear.ts';
import { pluginConformance } from './plugin.ts';
import { requireEqual, requireThat, type Conformance } from './promise.ts';

/** What a rollout driver is tried on. */
export interface DriverCases {
  /** Training tasks that it must be able to attempt. */
  readonly tasks: readonly Task[];
  /** A policy that answers the same to the same prompt and seed. */
  readonly policy: PolicyClient;
  /** What it needs besides a context, e.g. somewhere to run code. */
  readonly tools?: Partial<DriverTools>;
}

async function rejection(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  return undefined;
}

/** What every rollout driver keeps. `options` are those that a recipe gives it. */
export function rolloutDriverConformance(
  plugin: PluginOf<'rollout-driver'>,
  { tasks, policy, tools }: DriverCases,
  options: object = {},
): readonly Conformance[] {
  const make = (): RolloutDriver => plugin.create(options, { context: linear.create({}, { memory: {} }), ...tools });
  const plans = tasks.map((task, index): AttemptPlan => ({ run: 'run', task, attempts: 1 + index, temperature: 1, seed: 7 + index }));
  return [
    ...pluginConformance(plugin),
    {
      promise: 'one sample an attempt, its tokens and log-probabilities equally many, marks of given ones too',
      check: async () => {
        for (const plan of plans) {
          const { samples } = await make().attempt(plan, policy);
          requireThat(samples.length === plan.attempts, `${samples.length} samples for ${plan.attempts} attempts`);
          for (const { tokens, logProbs, given } of samples) {
            requireThat(tokens.length === logProbs.length, `${tokens.length} tokens, ${logProbs.length} log-probabilities`);
            requireThat(given.length === 0 || given.length === tokens.length, `${given.length} marks for ${tokens.length} tokens`);
          }
        }
      },
    },
    {
      promise: 'what can be trained on has tokens and says which version made them',
      check: async () => {
        const driver = make();
        if (!driver.trainable) return;
        for (const plan of plans) {
          const { samples, promptTokens, policy: stamp } = await driver.attempt(plan, policy);
          requireThat(promptTokens.length > 0 && stamp !== null, 'no prompt tokens, or no version');
          const faulty = samples.find(({ failure, tokens }) => failure === 'FAILURE_CLASS_OK' && tokens.length === 0);
          requireThat(faulty === undefined, `answer ${faulty?.text} has no tokens`);
        }
      },
    },
    {
      promise: 'the same plan gives the same attempts',
      check: async () => {
        for (const plan of plans) requireEqual(await make().attempt(plan, policy), await make().attempt(plan, policy), 'a second time');
      },
    },
    {
      promise: 'it stops when it is told to, and does not swallow what the policy throws',
      check: async () => {
        const reason = new Error('no policy');
        const broken: PolicyClient = { generate: () => Promise.reject(reason), score: () => Promise.reject(reason) };
        for (const plan of plans) {
          requireThat((await rejection(make().attempt(plan, broken))) === reason, 'the error was swallowed');
          const stopped = await rejection(make().attempt(plan, policy, AbortSignal.abort(reason)));
          requireThat(stopped !== undefined, 'it went on');
        }
      },
    },
  ];
}
