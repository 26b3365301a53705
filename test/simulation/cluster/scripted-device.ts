import type { Clock, Recipe } from '@redqueen/core';
import type { PolicyDevice, SampledGroup, SampledSequence } from '@redqueen/llama';
import { SimulatedDevice } from '../../../services/policy/src/testing/simulated-device.ts';
import { confidenceIn, speak } from './script.ts';

const stop = 10;
/** How long the device works on anything. */
const workMs = 3;

/** The policy service's simulated device, which also says what a script says. Tokens are bytes. */
export class ScriptedDevice extends SimulatedDevice {
  readonly #recipe: Recipe;
  readonly #clock: Clock;

  constructor(recipe: Recipe, clock: Clock) {
    super();
    this.#recipe = recipe;
    this.#clock = clock;
  }

  override async generate(request: Parameters<PolicyDevice['generate']>[0]): Promise<readonly SampledGroup[]> {
    await this.#clock.sleep(workMs);
    await super.generate(request);
    const role = request.agent.slice(request.agent.indexOf(':') + 1);
    return request.prompts.map((prompt) => {
      const { text = '', samples, seed } = prompt;
      const said = Array.from({ length: samples }, (_, index) => speak(this.#recipe, { role, prompt: text, seed, index }));
      return groupOf(
        text,
        said.map((one) => sampleOf(one, request.maxTokens, request.alsoStop ?? [])),
      );
    });
  }

  override async score(request?: Parameters<PolicyDevice['score']>[0]): Promise<readonly SampledGroup[]> {
    await this.#clock.sleep(workMs);
    await super.score();
    return (request?.prompts ?? []).map(({ text, continuations }) =>
      groupOf(
        text,
        continuations.map((label) => scoreOf(text, label)),
      ),
    );
  }

  override async train(request: Parameters<PolicyDevice['train']>[0]): ReturnType<PolicyDevice['train']> {
    await this.#clock.sleep(workMs);
    return await super.train(request);
  }
}

function groupOf(prompt: string, samples: readonly SampledSequence[]): SampledGroup {
  return { prompt, promptTokens: Int32Array.from([256, ...Buffer.from(prompt)]), samples };
}

function scoreOf(prompt: string, label: string): SampledSequence {
  const confidence = confidenceIn(prompt);
  const logProbs = Float32Array.of(Math.log(label === 'y' ? confidence : 1 - confidence));
  return { tokens: Int32Array.from(Buffer.from(label)), logProbs, text: label, stopped: false, finish: null, stop: '' };
}

function sampleOf(said: string | undefined, maxTokens: number, alsoStop: readonly string[]): SampledSequence {
  const bytes = [...Buffer.from(said ?? '?'.repeat(maxTokens))];
  const sign = said === undefined || bytes.length > maxTokens ? undefined : alsoStop.find((one) => said.endsWith(one));
  const finished = sign !== undefined || (said !== undefined && bytes.length < maxTokens);
  const tokens = sign !== undefined ? bytes : finished ? [...bytes, stop] : bytes.slice(0, maxTokens);
  const text = Buffer.from(finished ? bytes : tokens).toString();
  const logProbs = new Float32Array(tokens.length).fill(-0.5);
  return {
    tokens: Int32Array.from(tokens),
    logProbs,
    text,
    stopped: finished,
    finish: finished ? 'stop' : 'length',
    stop: finished ? (sign ?? '\n') : '',
  };
}
