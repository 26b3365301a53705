import type { AnyPlugin, Answered, PluginKind, PluginOf, SlotRequest, Task } from '@redqueen/core';
import { grantTruth, isExternallyRewarded, pluginKinds } from '@redqueen/core';
import {
  contextManagerConformance,
  creditAssignerConformance,
  curriculumConformance,
  lineageConformance,
  memoryStoreConformance,
  monitorConformance,
  policyOptimizerConformance,
  rewardTermConformance,
  rolloutDriverConformance,
  taskSourceConformance,
  verifierConformance,
  type Conformance,
} from '@redqueen/core/conformance';
import { plugins as curriculum } from '@redqueen/curriculum/plugins';
import { readTask } from '@redqueen/environments';
import { environmentConformance } from '@redqueen/environments/conformance';
import { checkAnswer, rightAnswer, truthByName } from '@redqueen/environments/truth';
import { plugins as executor } from '@redqueen/executor/plugins';
import { plugins as gateway } from '@redqueen/gateway/plugins';
import { plugins as policy } from '@redqueen/policy/plugins';
import { plugins as proposer } from '@redqueen/proposer/plugins';
import { plugins as rewardAggregator } from '@redqueen/reward-aggregator/plugins';
import { recordOf, ScriptedPolicy } from '@redqueen/testkit';
import { plugins as verifier } from '@redqueen/verifier/plugins';
import { describe, expect, test } from 'vitest';
import { episodeMessages } from '../../services/gateway/src/projection/builders.ts';

const all: readonly AnyPlugin[] = [...curriculum, ...executor, ...gateway, ...policy, ...proposer, ...rewardAggregator, ...verifier];

const recipe = recordOf().recipe;
const truth = isExternallyRewarded(recipe) ? grantTruth(recipe, checkAnswer) : undefined;
const tasks = ['37+45', 'mAK##D.##G'].map((text) => readTask(text) as Task);
/** Answers its tasks as an executor that is wrong every third time, proposes the same sum, and is lukewarm as a verifier. */
const scripted = new ScriptedPolicy(
  ({ prompt, index }) => {
    const task = readTask(prompt.slice(0, -1));
    if (!task) return '37+45';
    return index % 3 === 2 ? '0' : rightAnswer(task);
  },
  () => 0.7,
);
const slots: readonly SlotRequest[] = [1, 2].map((level) => ({
  run: 'run',
  environment: 'arithmetic',
  family: 'add',
  level,
  proposals: 3,
  seed: 11,
}));
const groups: readonly (readonly Answered[])[] = tasks.map((task) =>
  [rightAnswer(task), rightAnswer(task), '0', 'zz'].map((answer, index) => ({ task, answer, finished: index < 3, score: 1 + (index % 3) })),
);
const labels = { samples: 2 };

/** Code has nowhere to run here; drivers must get along with calls that fail. */
const tools = { code: { run: async () => ({ ok: false }) as const } };

/** What plug-ins of a kind are tried with. */
const kits: { readonly [Kind in PluginKind]: (plugin: PluginOf<Kind>) => readonly Conformance[] } = {
  environment: (plugin) => environmentConformance(plugin.create({}, {}), truthByName(plugin.name)),
  'task-source': (plugin) => taskSourceConformance(plugin, { slots, policy: scripted, maxTokens: 7 }),
  curriculum: (plugin) => curriculumConformance(plugin),
  'rollout-driver': (plugin) =>
    rolloutDriverConformance(plugin, { tasks: plugin.name === 'stepwise' ? tasks.slice(1) : tasks, policy: scripted, tools }),
  'context-manager': (plugin) => contextManagerConformance(plugin),
  'memory-store': (plugin) => memoryStoreConformance(plugin),
  verifier: (plugin) => verifierConformance(plugin, { groups, tools: { policy: scripted, truth } }),
  'reward-term': (plugin) => rewardTermConformance(plugin),
  'credit-assigner': (plugin) => creditAssignerConformance(plugin, {}, plugin.name === 'expected-pairwise' ? labels : {}),
  'policy-optimizer': (plugin) => policyOptimizerConformance(plugin),
  lineage: (plugin) => lineageConformance(plugin),
  monitor: (plugin) => monitorConformance(plugin, { messages: episodeMessages('0.0.0'), tools: { seed: 1, recipe } }),
};

test('every interface has a plug-in that comes with Red Queen', () => {
  expect([...new Set(all.map(({ kind }) => kind))].sort()).toEqual(Object.keys(pluginKinds).sort());
});

for (const plugin of all) {
  describe(`${plugin.kind} ${plugin.name}`, () => {
    const kit = kits[plugin.kind] as (plugin: AnyPlugin) => readonly Conformance[];
    for (const { promise, check } of kit(plugin)) test(promise, check);
  });
}
