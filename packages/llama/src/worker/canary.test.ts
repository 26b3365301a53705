import { join } from 'node:path';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AdapterWeights, baseWeights } from '../engine/adapter-weights.ts';
import { Agent } from '../engine/agent.ts';
import type { Engine } from '../engine/engine.ts';
import { encodeAdapter } from '../gguf/adapter-file.ts';
import { adaptedMatrices } from '../model/parameter-layout.ts';
import { modelShapes } from '../testing/model-shapes.ts';
import { writeRandomModel } from '../testing/random-model.ts';
import { openEngine, randomAgent, temporaryFolder, tinyAdapter, writeTinyModel } from '../testing/tiny-model.ts';
import { Canary } from './canary.ts';

const folder = temporaryFolder();
let engine: Engine;
let canary: Canary;

beforeAll(() => {
  engine = openEngine(writeTinyModel(folder.path));
  canary = new Canary(engine);
});
afterAll(() => {
  canary.close();
  folder.dispose();
});

/** An engine whose methods can be replaced. */
function spy(real: Engine): object {
  const { model, native, pool } = real;
  return { model, native, pool, onOneLane: real.onOneLane.bind(real) };
}

function fileOf({ settings, weights }: Agent): Uint8Array {
  const base = { architecture: 'llama', baseHash: 'a'.repeat(64), matrices: adaptedMatrices(engine.model) };
  return encodeAdapter({ rank: settings.rank, alpha: settings.alpha, values: weights }, base);
}

it('finds no difference where our engine and llama.cpp use the same adapter', async () => {
  const agent = randomAgent(engine);
  expect(await canary.check('agent', agent.current(), fileOf(agent))).toBeLessThan(1e-4);
});

it('sees that sampling does not use the adapter of the file', async () => {
  const [agent, other] = [randomAgent(engine, 'agent', 1), randomAgent(engine, 'agent', 2)];
  expect(await canary.check('agent', other.current(), fileOf(agent))).toBeGreaterThan(0.01);
});

it('looks at whole rows of the trainer’s graph, not only at the tokens that the sampler drew', async () => {
  const agent = randomAgent(engine);
  const sample = engine.sample.bind(engine);
  const graphs = await canary.check('agent', agent.current(), fileOf(agent));
  const other = randomAgent(engine, 'agent', 3);
  // Samples of the right weights, rows of others.
  const given = (weights: AdapterWeights): AdapterWeights => (weights === baseWeights ? weights : agent.current());
  const spied = {
    ...spy(engine),
    sample: (owner: string, weights: AdapterWeights, ...rest: [never, never]) => sample(owner, given(weights), ...rest),
  };
  const wrong = new Canary(spied as unknown as Engine);
  expect(await wrong.check('agent', other.current(), fileOf(agent))).toBeGreaterThan(Math.max(0.01, 10 * graphs));
  wrong.close();
});

it('sees one changed weight', async () => {
  const agent = randomAgent(engine);
  const file = fileOf(agent);
  agent.weights[100] = 3;
  agent.changed();
  expect(await canary.check('agent', agent.current(), file)).toBeGreaterThan(1e-3);
});

it('does not take log-probs that are no numbers for equal', async () => {
  const agent = randomAgent(engine);
  agent.weights.fill(1e20);
  agent.changed();
  await expect(canary.check('agent', agent.current(), fileOf(agent))).rejects.toMatchObject({ code: 'failed_precondition' });
});

it('refuses weights whose policy is too far from the base model, however finite', async () => {
  const agent = randomAgent(engine);
  const strict = new Canary(engine, 1e-3);
  const checked = strict.check('agent', agent.current(), fileOf(agent));
  await expect(checked).rejects.toThrow(/nats a token from the base model's, more than 0\.001/);
  await expect(checked).rejects.toMatchObject({ code: 'failed_precondition' });
  const fresh = new Agent('fresh', tinyAdapter, engine.model);
  expect(await strict.check('fresh', fresh.current(), fileOf(fresh))).toBeLessThan(1e-4);
  strict.close();
});

it('leaves no file behind', async () => {
  const agent = randomAgent(engine);
  await canary.check('agent', agent.current(), fileOf(agent));
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith(`redqueen-${process.pid}-`))).toEqual([]);
});

it('checks several adapters at once without mixing them up', async () => {
  const agents = [1, 2, 3].map((seed) => randomAgent(engine, `agent ${seed}`, seed));
  const differences = await Promise.all(agents.map((agent) => canary.check(agent.name, agent.current(), fileOf(agent))));
  expect(Math.max(...differences)).toBeLessThan(1e-4);
});

it('does not take the rounding of a quantised base for another adapter, and still sees one', async () => {
  const path = join(folder.path, 'quantised.gguf');
  writeRandomModel(
    path,
    {
      ...modelShapes['smollm2-135m'],
      layers: 2,
      width: 256,
      feedForward: 512,
      heads: 4,
      keyValueHeads: 2,
      headSize: 64,
      vocabulary: 300,
      context: 64,
    },
    { type: 'Q4_0' },
  );
  const quantised = openEngine(path);
  const careful = new Canary(quantised);
  const base = { architecture: 'llama', baseHash: 'a'.repeat(64), matrices: adaptedMatrices(quantised.model) };
  const encode = ({ settings, weights }: Agent) => encodeAdapter({ rank: settings.rank, alpha: settings.alpha, values: weights }, base);
  const [agent, other] = [randomAgent(quantised, 'agent', 1), randomAgent(quantised, 'agent', 2)];
  expect(await careful.check('agent', agent.current(), encode(agent))).toBeLessThan(1e-3);
  expect(await careful.check('agent', other.current(), encode(agent))).toBeGreaterThan(0.01);
  careful.close();
});
