// npm run try:evolution: how near evolution strategies come to the gradient on the starter, and what they teach it beside it. About a minute on a free core.
import { randomOf, type Environment, type Task } from '@redqueen/core';
import { environmentByName } from '@redqueen/environments';
import { rightAnswer } from '@redqueen/environments/truth';
import { byteSequence, type EvolutionSettings, type TrainGroup } from '@redqueen/llama';
import { projectFolder } from '@redqueen/runtime';
import { join } from 'node:path';
import { Agent } from '../../packages/llama/src/engine/agent.ts';
import { evolvedGradient } from '../../packages/llama/src/engine/evolution.ts';
import type { UpdateRequest } from '../../packages/llama/src/engine/gradient.ts';
import { totalGradient, updateAgent } from '../../packages/llama/src/engine/updater.ts';
import { openEngine } from '../../packages/llama/src/testing/tiny-model.ts';

const engine = openEngine(join(projectFolder, 'config/models/starter.gguf'));
const arms = [
  ['strings', 'sort', 1],
  ['strings', 'reverse', 1],
  ['strings', 'count', 1],
  ['strings', 'sort', 2],
  ['arithmetic', 'add', 1],
] as const;

function tasksOf(count: number, seed: string): readonly Task[] {
  const random = randomOf(seed);
  return Array.from({ length: count }, (_, index) => {
    const [name, family, level] = arms[index % arms.length] as (typeof arms)[number];
    return (environmentByName(name) as Environment<unknown>).generate(family, level, random);
  });
}

/** The likelihood of right answers. */
function cloning(tasks: readonly Task[], learningRate: number): UpdateRequest {
  const groups = tasks.map((task): TrainGroup => {
    const tokens = byteSequence(`${rightAnswer(task)}\n`).subarray(1);
    const samples = [{ tokens, oldLogProbs: new Float32Array(tokens.length), advantages: new Float32Array(tokens.length).fill(1) }];
    return { promptTokens: byteSequence(`${task.canonical}=`), samples };
  });
  return {
    groups,
    normaliser: groups.reduce((sum, { samples }) => sum + (samples[0]?.tokens.length ?? 0), 0),
    loss: { kind: 'likelihood', klToBase: 0, klEstimator: 'k3', entropyBonus: 0 },
    update: { learningRate, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, maxGradientNorm: 1 },
  };
}

async function greedy(agent: Agent, tasks: readonly Task[]): Promise<string> {
  const prompts = tasks.map(({ canonical }) => ({ tokens: byteSequence(`${canonical}=`), samples: 1, seed: 1 }));
  const groups = await engine.sample(agent.name, agent.current(), prompts, { maxTokens: 10, temperature: 0, stops: new Set([10]) });
  const right = groups.filter(
    ([sample], index) => Buffer.from(sample?.tokens ?? []).toString() === `${rightAnswer(tasks[index] as Task)}\n`,
  );
  return `${right.length} of ${tasks.length}`;
}

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, index) => sum + value * (b[index] as number), 0);

async function cosines(rank: number): Promise<void> {
  const agent = new Agent(`rank ${rank}`, { rank, alpha: 2 * rank, seed: 1 }, engine.model);
  const request = cloning(tasksOf(20, 'cosines'), 0);
  const { gradient: exact } = await totalGradient(engine.pool, agent, request);
  const dimensions = agent.layout.slots.reduce((sum, { name, length }) => sum + (name.endsWith('.lora_b') ? length : 0), 0);
  for (const pairs of [4, 16, 64]) {
    const { gradient } = await evolvedGradient(engine, agent, request, { pairs, sigma: 0.02, seed: 3 });
    const cosine = dot(gradient, exact) / Math.sqrt(dot(gradient, gradient) * dot(exact, exact));
    console.log(
      `  ${pairs} pairs: ${cosine.toFixed(3)}, expected √(pairs / (pairs + ${dimensions})) = ${Math.sqrt(pairs / (pairs + dimensions)).toFixed(3)}`,
    );
  }
}

async function lesson(name: string, rank: number, learningRate: number, evolution?: Omit<EvolutionSettings, 'seed'>): Promise<void> {
  const agent = new Agent(name, { rank, alpha: 2 * rank, seed: 1 }, engine.model);
  const [taught, others] = [tasksOf(20, 'taught'), tasksOf(100, 'others')];
  const before = [await greedy(agent, taught), await greedy(agent, others)];
  const losses: number[] = [];
  for (let seed = 1; seed <= 40; seed++) {
    const request = cloning(taught, learningRate);
    losses.push(
      (await updateAgent(engine, agent, evolution === undefined ? request : { ...request, evolution: { ...evolution, seed } })).loss,
    );
  }
  const shown = losses.filter((_, index) => index % 8 === 0 || index === losses.length - 1).map((loss) => loss.toFixed(3));
  console.log(
    `${name}: loss ${shown.join(' ')}; right greedily ${before[0]} → ${await greedy(agent, taught)} taught, ${before[1]} → ${await greedy(agent, others)} others`,
  );
}

for (const rank of [1, 16]) {
  console.log(`cosine between estimate and gradient, rank ${rank}`);
  await cosines(rank);
}
console.log('20 right answers cloned in 40 updates');
await lesson('gradient, rank 1, learning rate 3e-3', 1, 3e-3);
await lesson('16 pairs, rank 1, learning rate 3e-2', 1, 3e-2, { pairs: 16, sigma: 0.02 });
await lesson('16 pairs, rank 1, learning rate 3e-3', 1, 3e-3, { pairs: 16, sigma: 0.02 });
await lesson('16 pairs, rank 16, learning rate 1e-2', 16, 1e-2, { pairs: 16, sigma: 0.02 });
