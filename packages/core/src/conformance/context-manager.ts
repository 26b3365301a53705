import type { ContextManager, MemoryStore, PluginOf, Situation } from '../plugins/index.ts';
import { replay } from '../memories/replay.ts';
import { pluginConformance } from './plugin.ts';
import { frozen, requireEqual, requireThat, type Conformance } from './promise.ts';

/** What a context manager is tried on. */
export interface ContextCases {
  /** The recipe's memories; an empty one named "replay" where it is left out. */
  readonly memory?: Readonly<Record<string, MemoryStore>>;
}

const situations: readonly Situation[] = ['1+1', '12+34', 'bca'].map((canonical) => ({
  role: 'executor',
  task: { environment: 'any', family: 'any', level: 1, canonical },
  prompt: `${canonical}=`,
}));

/** What every context manager keeps. `options` are those that a recipe gives it. */
export function contextManagerConformance(
  plugin: PluginOf<'context-manager'>,
  options: object = {},
  { memory = { replay: replay.create({}, { seed: 1 }) } }: ContextCases = {},
): readonly Conformance[] {
  const make = (): ContextManager => plugin.create(options, { memory });
  return [
    ...pluginConformance(plugin),
    {
      promise: 'there is something to act on and something to train on',
      check: async () => {
        for (const situation of situations) {
          const { prompt, forTraining } = await make().build(frozen(situation));
          requireThat(prompt !== '' && forTraining !== '', `an empty prompt for ${situation.prompt}`);
        }
      },
    },
    {
      promise: 'the same situation and memory give the same context',
      check: async () => {
        for (const situation of situations) requireEqual(await make().build(situation), await make().build(situation), 'a second time');
      },
    },
  ];
}
