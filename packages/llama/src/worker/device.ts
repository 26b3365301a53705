import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { RedQueenError } from '@redqueen/core';
import { Agent, maxRank } from '../engine/agent.ts';
import { type AdapterWeights, baseWeights, foldedWeights } from '../engine/adapter-weights.ts';
import { Engine } from '../engine/engine.ts';
import { updateAgent } from '../engine/updater.ts';
import { deviceLabel } from '../ffi/backend.ts';
import { type AdapterExpectation, encodeAdapter, validateAdapter } from '../gguf/adapter-file.ts';
import { decodeOptimizer, encodeOptimizer } from '../gguf/optimizer-file.ts';
import { readGgufHeader } from '../gguf/reader.ts';
import { adaptedMatrices } from '../model/parameter-layout.ts';
import { Canary } from './canary.ts';
import { checkGenerate, checkScore, checkTrain } from './checks.ts';
import type {
  AdapterSettings,
  AgentFiles,
  DeviceReport,
  OpenOptions,
  PolicyDevice,
  SampledGroup,
  SamplePrompt,
  UpdateStats,
} from './protocol.ts';
import { openTokenizer, type Tokenizer } from './tokenizer.ts';

/** Everything that exists once a model is open. */
interface Opened {
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  readonly canary: Canary;
  readonly expectation: AdapterExpectation;
  readonly model: string;
  readonly threads: number;
  readonly readyAt: number;
  /** CPU time used before the device was ready; loading is not work. */
  readonly before: ComputingTime;
}

/** Monotonic seconds. */
export type Seconds = () => number;

/** The device itself: agents over one engine, in the process that calls it. The child process serves it to its parent. */
export class LocalDevice implements PolicyDevice {
  readonly #agents = new Map<string, Agent>();
  readonly #now: Seconds;
  #opened: Opened | null = null;
  #sampledTokens = 0;
  #trainedTokens = 0;

  constructor(now: Seconds) {
    this.#now = now;
  }

  async open(options: OpenOptions): Promise<DeviceReport> {
    if (this.#opened !== null) throw new RedQueenError('failed_precondition', 'device: it is open already; start another one');
    const { modelPath, threads, activationBytes } = options;
    const header = readGgufHeader(modelPath);
    const engine = new Engine(modelPath, header, threads, this.#now, { activationBytes });
    const [tokenizer, baseHash] = await Promise.all([openTokenizer(modelPath), fileHash(modelPath)]);
    const expectation = { architecture: engine.model.architecture, baseHash, matrices: adaptedMatrices(engine.model), maxRank };
    this.#opened = {
      engine,
      tokenizer,
      canary: new Canary(engine),
      expectation,
      model: basename(modelPath),
      threads,
      readyAt: this.#now(),
      before: computingTime(),
    };
    return this.report();
  }

  async createAgent(agent: string, settings: AdapterSettings, files?: AgentFiles): Promise<void> {
    if (this.#agents.has(agent)) throw new RedQueenError('already_exists', `agent "${agent}" exists on this device; remove it first`);
    const created = new Agent(agent, settings, this.#ready().engine.model);
    if (files !== undefined) this.#put(created, files);
    this.#agents.set(agent, created);
  }

  async removeAgent(agent: string): Promise<void> {
    this.#agent(agent);
    this.#agents.delete(agent);
  }

  async loadVersion(agent: string, version: number, adapter: Uint8Array, sha256: string): Promise<{ readonly canaryDifference: number }> {
    const owner = this.#agent(agent);
    if (!Number.isInteger(version) || version < 1)
      throw new RedQueenError('invalid_argument', `version is ${version}; it must be a whole number from 1 (0 is the base model)`);
    const { canary, expectation } = this.#ready();
    const { rank, alpha, values } = validateAdapter(adapter, { ...expectation, sha256 });
    const weights = foldedWeights(sha256, values, owner.layoutOf(rank), rank, alpha);
    const canaryDifference = await canary.check(agent, weights, adapter);
    if (!Number.isFinite(canaryDifference)) {
      throw new RedQueenError(
        'invalid_argument',
        'adapter: with it the model gives log-probs that are not finite; go back to an earlier version',
      );
    }
    owner.versions.set(version, weights);
    return { canaryDifference };
  }

  async dropVersion(agent: string, version: number): Promise<void> {
    this.#agent(agent).versions.delete(version);
  }

  async generate(request: Parameters<PolicyDevice['generate']>[0]): Promise<readonly SampledGroup[]> {
    const { engine, tokenizer } = this.#ready();
    const weights = this.#weights(request.agent, request.version);
    const prompts = request.prompts.map((prompt) => ({
      tokens: promptTokens(tokenizer, prompt),
      samples: prompt.samples,
      seed: prompt.seed,
    }));
    checkGenerate(request, prompts, engine.model);
    const kept = new Set(request.alsoStop?.map((text) => tokenizer.stop(text)));
    const stops = new Set([...tokenizer.ends, ...kept]);
    if (request.stop !== '') stops.add(tokenizer.stop(request.stop));
    const groups = await engine.sample(request.agent, weights, prompts, {
      maxTokens: request.maxTokens,
      temperature: request.temperature,
      stops,
    });
    return groups.map((samples, index) => ({
      promptTokens: (prompts[index] as { tokens: Int32Array }).tokens,
      samples: samples.map((sample) => {
        this.#sampledTokens += sample.tokens.length;
        const cut = sample.stopped && !kept.has(sample.tokens.at(-1) as number);
        return { ...sample, text: tokenizer.text(cut ? sample.tokens.subarray(0, -1) : sample.tokens) };
      }),
    }));
  }

  async score(request: Parameters<PolicyDevice['score']>[0]): Promise<readonly SampledGroup[]> {
    const { engine, tokenizer } = this.#ready();
    const weights = this.#weights(request.agent, request.version);
    const items = request.prompts.map(({ text, continuations }) => ({
      prompt: tokenizer.prompt(text),
      continuations: continuations.map((continuation) => tokenizer.continuation(continuation)),
    }));
    checkScore(items, engine.model.context);
    const scores = await engine.score(request.agent, weights, items);
    return items.map(({ prompt, continuations }, index) => ({
      promptTokens: prompt,
      samples: continuations.map((tokens, which) => ({
        tokens,
        logProbs: scores[index]?.[which] ?? new Float32Array(0),
        text: request.prompts[index]?.continuations[which] ?? '',
        stopped: false,
      })),
    }));
  }

  async train(request: Parameters<PolicyDevice['train']>[0]): Promise<UpdateStats> {
    const agent = this.#agent(request.agent);
    const { engine } = this.#ready();
    checkTrain(request, engine.model);
    return agent.exclusively(async () => {
      const stats = await updateAgent(engine.pool, agent, request);
      this.#trainedTokens += stats.tokens;
      return stats;
    });
  }

  async exportAgent(agent: string): Promise<AgentFiles> {
    const owner = this.#agent(agent);
    const { expectation } = this.#ready();
    return owner.exclusively(async () => ({
      adapter: encodeAdapter({ rank: owner.settings.rank, alpha: owner.settings.alpha, values: owner.weights }, expectation),
      optimizer: encodeOptimizer(owner.optimizer),
    }));
  }

  async restoreAgent(agent: string, files: AgentFiles): Promise<void> {
    const owner = this.#agent(agent);
    return owner.exclusively(async () => this.#put(owner, files));
  }

  async report(): Promise<DeviceReport> {
    const { engine, expectation, model, threads, readyAt, before } = this.#ready();
    const seconds = engine.pool.seconds;
    const laneSeconds = seconds.sample + seconds.score + seconds.train;
    return {
      model,
      modelHash: expectation.baseHash,
      architecture: expectation.architecture,
      backend: deviceLabel(),
      threads,
      sampledTokens: this.#sampledTokens,
      trainedTokens: this.#trainedTokens,
      laneSeconds,
      nativeSeconds: laneSeconds * nativeShare(before),
      upSeconds: this.#now() - readyAt,
      secondsByWork: seconds,
    };
  }

  /** Removes what lies outside this process; native memory goes with the process. */
  close(): void {
    this.#opened?.canary.close();
    this.#opened = null;
  }

  #put(agent: Agent, files: AgentFiles): void {
    const { rank, alpha, values } = validateAdapter(files.adapter, this.#ready().expectation);
    const { settings } = agent;
    if (rank !== settings.rank || Math.fround(settings.alpha) !== alpha) {
      throw new RedQueenError(
        'invalid_argument',
        `adapter: rank ${rank} and alpha ${alpha} are not the agent's ${settings.rank} and ${settings.alpha}`,
      );
    }
    const optimizer = decodeOptimizer(files.optimizer, values.length);
    agent.weights = values;
    agent.optimizer = optimizer;
    agent.changed();
  }

  #weights(agent: string, version: number): AdapterWeights {
    if (version === 0) return baseWeights;
    const weights = this.#agent(agent).versions.get(version);
    if (weights === undefined) throw new RedQueenError('not_found', `version ${version} of agent "${agent}" is not loaded; load it first`);
    return weights;
  }

  #agent(name: string): Agent {
    this.#ready();
    const agent = this.#agents.get(name);
    if (agent === undefined) throw new RedQueenError('not_found', `agent "${name}" does not exist on this device; create it first`);
    return agent;
  }

  #ready(): Opened {
    if (this.#opened === null) throw new RedQueenError('failed_precondition', 'device: no model is open; call open first');
    return this.#opened;
  }
}

/** What is to be continued: the text as a prompt, or the tokens given and after them the text. */
function promptTokens(tokenizer: Tokenizer, { text, tokens = [] }: SamplePrompt): Int32Array {
  return tokens.length === 0 ? tokenizer.prompt(text) : Int32Array.from([...Array.from(tokens), ...tokenizer.continuation(text)]);
}

/** CPU microseconds of the process and of its main thread. */
interface ComputingTime {
  readonly all: number;
  readonly main: number;
}

function computingTime(): ComputingTime {
  const all = process.cpuUsage();
  const main = process.threadCpuUsage();
  return { all: all.user + all.system, main: main.user + main.system };
}

/**
 * Share of this process's computing since `before` that happened inside ggml and llama.cpp: CPU time off the main thread by CPU time in all.
 * CPU time, because on a busy machine wall time would count waiting for a core as work.
 */
function nativeShare(before: ComputingTime): number {
  const now = computingTime();
  const all = now.all - before.all;
  return all <= 0 ? 0 : Math.min(1, Math.max(0, 1 - (now.main - before.main) / all));
}

async function fileHash(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest('hex');
}
