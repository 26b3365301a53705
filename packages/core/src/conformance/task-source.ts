import type { PluginOf, PolicyClient, SlotRequest, TaskSource } from '../plugins/index.ts';
import { pluginConformance } from './plugin.ts';
import { requireEqual, requireThat, type Conformance } from './promise.ts';

/** What a task source is tried on. */
export interface SourceCases {
  /** Slots that it must be able to fill. */
  readonly slots: readonly SlotRequest[];
  /** A policy that answers the same to the same prompt and seed. */
  readonly policy: PolicyClient;
  /** Tokens of one proposal at most. */
  readonly maxTokens: number;
}

const reasons = ['malformed', 'truncated', 'wrong-slot', 'held-out'];

/** What every task source keeps. `options` are those that a recipe gives it. */
export function taskSourceConformance(
  plugin: PluginOf<'task-source'>,
  { slots, policy, maxTokens }: SourceCases,
  options: object = {},
): readonly Conformance[] {
  const make = (): TaskSource => plugin.create(options, { policy, maxTokens });
  return [
    ...pluginConformance(plugin),
    {
      promise: 'one draft a proposal: a task of the slot, or a known reason why it is none',
      check: async () => {
        for (const slot of slots) {
          const drafts = await make().propose(slot);
          requireThat(drafts.length === slot.proposals, `${drafts.length} drafts for ${slot.proposals} proposals`);
          for (const { task, rejection } of drafts) {
            requireThat((task === undefined) !== (rejection === undefined), 'a draft is either a task or rejected');
            requireThat(rejection === undefined || reasons.includes(rejection), `reason ${rejection}`);
            const fits =
              task === undefined || (task.environment === slot.environment && task.family === slot.family && task.level === slot.level);
            requireThat(fits, `${task?.canonical} is no task of the slot`);
          }
        }
      },
    },
    {
      promise: 'the same slot gives the same drafts',
      check: async () => {
        for (const slot of slots) requireEqual(await make().propose(slot), await make().propose(slot), 'a second time');
      },
    },
  ];
}
