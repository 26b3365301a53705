import type { Answered, PluginOf, Verifier, VerifierTools } from '../plugins/index.ts';
import { pluginConformance } from './plugin.ts';
import { frozen, requireEqual, requireThat, type Conformance } from './promise.ts';

/** What a verifier is tried on. */
export interface VerifierCases {
  /** Groups of answers to one task each: right, wrong and unreadable ones. */
  readonly groups: readonly (readonly Answered[])[];
  readonly tools: VerifierTools;
}

/** What every verifier keeps. `options` are those that a recipe gives it. */
export function verifierConformance(
  plugin: PluginOf<'verifier'>,
  { groups, tools }: VerifierCases,
  options: object = {},
): readonly Conformance[] {
  const make = (): Verifier => plugin.create(options, tools);
  const asked = { run: 'run' };
  return [
    ...pluginConformance(plugin),
    {
      promise: 'one opinion an answer, with a confidence and an outcome in [0, 1] and a first bad step of −1 or more',
      check: async () => {
        for (const answers of groups) {
          const opinions = await make().verify(asked, frozen(answers));
          requireThat(opinions.length === answers.length, `${opinions.length} opinions of ${answers.length} answers`);
          for (const { confidence, outcome = 0, firstBadStep } of opinions) {
            requireThat(confidence >= 0 && confidence <= 1 && outcome >= 0 && outcome <= 1, `confidence ${confidence}, outcome ${outcome}`);
            requireThat(Number.isInteger(firstBadStep) && firstBadStep >= -1, `first bad step ${firstBadStep}`);
          }
        }
      },
    },
    {
      promise: 'no answers, no opinions',
      check: async () => requireEqual(await make().verify(asked, []), [], 'of nothing'),
    },
    {
      promise: 'the same answers get the same opinions',
      check: async () => {
        for (const answers of groups)
          requireEqual(await make().verify(asked, answers), await make().verify(asked, answers), 'a second time');
      },
    },
  ];
}
