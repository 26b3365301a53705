// npm run try:model -- FILE: what a chat model of one's own answers, and whether an adapter on it learns: by cloning, and by a reward. Minutes at 135M parameters.
import { sha256, startDevice, type TrainGroup, type UpdateSettings } from '@redqueen/llama';
import { capitals, lessons, rewarded, tokensOf, unseen } from './lessons.ts';

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('name a model file: npm run try:model -- /path/to/model.gguf');

const device = await startDevice({ modelPath: file, threads: 1 });
const penalties = { klToBase: 0, klEstimator: 'k3', entropyBonus: 0 } as const;
const update = (learningRate: number): UpdateSettings => ({
  learningRate,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
  weightDecay: 0,
  maxGradientNorm: 1,
});

/** Samples of each question under a version, through the model's own chat template. */
function ask(agent: string, version: number, questions: readonly string[], { samples, maxTokens, temperature, seed }: Asking) {
  const prompts = questions.map((content, index) => ({ text: '', messages: [{ role: 'user', content }], samples, seed: seed + index }));
  return device.generate({ agent, version, prompts, maxTokens, temperature, stop: '' });
}

interface Asking {
  readonly samples: number;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly seed: number;
}

const greedy = { samples: 1, maxTokens: 24, temperature: 0, seed: 0 };

async function answers(agent: string, version: number): Promise<void> {
  for (const [index, { samples }] of (await ask(agent, version, unseen, greedy)).entries())
    console.log(`  ${unseen[index]} ${JSON.stringify(samples[0]?.text)}`);
}

/** Serves the weights in training, past the canary. */
async function publish(agent: string, version: number): Promise<number> {
  const { adapter } = await device.exportAgent(agent);
  return (await device.loadVersion(agent, version, adapter, sha256(adapter))).canaryDifference;
}

async function cloned(agent: string): Promise<readonly TrainGroup[]> {
  const prompts = await ask(
    agent,
    0,
    lessons.map(([question]) => question),
    { ...greedy, maxTokens: 1 },
  );
  const scored = await device.score({ agent, version: 0, prompts: lessons.map(([, answer]) => ({ text: ' ', continuations: [answer] })) });
  return prompts.map(({ promptTokens }, index) => {
    const tokens = scored[index]?.samples[0]?.tokens ?? new Int32Array(0);
    return {
      promptTokens,
      samples: [{ tokens, oldLogProbs: new Float32Array(tokens.length), advantages: new Float32Array(tokens.length).fill(1) }],
    };
  });
}

async function clone(agent: string): Promise<void> {
  const groups = await cloned(agent);
  const losses: string[] = [];
  for (let step = 0; step < 8; step++) {
    const request = {
      agent,
      groups,
      normaliser: tokensOf(groups),
      loss: { kind: 'likelihood', ...penalties } as const,
      update: update(5e-4),
    };
    losses.push((await device.train(request)).loss.toFixed(2));
  }
  console.log(`cloning answers in capitals, ${tokensOf(groups)} tokens an update; loss by update: ${losses.join(', ')}`);
}

async function reinforce(agent: string): Promise<void> {
  const questions = lessons.slice(1, 5).map(([question]) => question);
  const rewards: string[] = [];
  let [mismatch, canary] = [0, 0];
  for (let step = 0; step < 10; step++) {
    const sampled = await ask(agent, step, questions, { samples: 8, maxTokens: 10, temperature: 1, seed: 100 * step });
    const texts = sampled.flatMap(({ samples }) => samples.map(({ text }) => text));
    rewards.push((texts.reduce((sum, text) => sum + capitals(text), 0) / texts.length).toFixed(2));
    const groups = sampled.map((group) => rewarded(group, capitals));
    const loss = { kind: 'clipped', clipLow: 0.2, clipHigh: 0.28, ...penalties } as const;
    const stats = await device.train({ agent, groups, normaliser: tokensOf(groups), loss, update: update(1e-3) });
    mismatch = Math.max(mismatch, stats.logProbMismatch);
    canary = Math.max(canary, await publish(agent, step + 1));
  }
  console.log(`share of capitals as the reward, 4 questions of 8 samples; by update: ${rewards.join(', ')}`);
  console.log(
    `largest difference of a sampled token's log-prob between sampler and trainer ${mismatch.toFixed(2)}, of the canary ${canary.toPrecision(2)}`,
  );
}

try {
  const { model, architecture, sampling } = await device.report();
  console.log(`${model}: ${architecture}, sampled by ${sampling}; greedy answers before`);
  for (const [index, agent] of ['cloner', 'reinforced'].entries()) await device.createAgent(agent, { rank: 8, alpha: 16, seed: index + 1 });
  await answers('cloner', 0);
  await clone('cloner');
  await publish('cloner', 1);
  await answers('cloner', 1);
  await reinforce('reinforced');
  await answers('reinforced', 10);
} finally {
  await device.close();
}
