import { RedQueenError } from '@redqueen/core';
import type { AnyModel } from '../model/foreign-model.ts';
import { adapterLayout, type ParameterLayout } from '../model/parameter-layout.ts';
import type { AdapterSettings } from '../worker/protocol.ts';
import type { AdapterWeights } from './adapter-weights.ts';
import { foldedWeights } from './adapter-weights.ts';
import { newOptimizerState, type OptimizerState } from './adamw.ts';
import { sampleStream } from './sample-stream.ts';

/** Highest rank of an adapter. */
export const maxRank = 256;

/** Revisions are unique over all agents of the process: lanes recognise weights by them, and names can be used again. */
let lastRevision = 0;

/** An agent's trained copy of its adapter with the optimizer's memory, and the versions of it that are served. */
export class Agent {
  readonly name: string;
  readonly settings: AdapterSettings;
  readonly layout: ParameterLayout;
  readonly versions = new Map<number, AdapterWeights>();
  weights: Float32Array;
  optimizer: OptimizerState;
  readonly #model: AnyModel;
  #revision = ++lastRevision;
  #last: Promise<unknown> = Promise.resolve();

  /** Fresh weights: A uniform in ±1/√inputs by the seed, B zero, so that the adapter starts as the identity. */
  constructor(name: string, settings: AdapterSettings, model: AnyModel) {
    checkSettings(settings);
    this.name = name;
    this.#model = model;
    this.settings = settings;
    this.layout = adapterLayout(model, settings.rank);
    this.weights = initialWeights(this.layout, settings.seed);
    this.optimizer = newOptimizerState(this.layout.length);
  }

  /** The weights as they stand, ready for graphs. */
  current(): AdapterWeights {
    return foldedWeights(`${this.name} training ${this.#revision}`, this.weights, this.layout, this.settings.rank, this.settings.alpha);
  }

  /** The layout of an adapter of any rank for this agent's model. */
  layoutOf(rank: number): ParameterLayout {
    return rank === this.settings.rank ? this.layout : adapterLayout(this.#model, rank);
  }

  /** To be called after every change of `weights`. */
  changed(): void {
    this.#revision = ++lastRevision;
  }

  /** Runs updates, exports and restores one after another. */
  exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(work, work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

function checkSettings({ rank, alpha, seed }: AdapterSettings): void {
  if (!Number.isInteger(rank) || rank < 1 || rank > maxRank)
    throw new RedQueenError('invalid_argument', `adapter.rank is ${rank}; it must be a whole number from 1 to ${maxRank}`);
  if (!Number.isFinite(alpha) || alpha <= 0)
    throw new RedQueenError('invalid_argument', `adapter.alpha is ${alpha}; it must be a positive number`);
  if (!Number.isInteger(seed)) throw new RedQueenError('invalid_argument', `adapter.seed is ${seed}; it must be a whole number`);
}

function initialWeights(layout: ParameterLayout, seed: number): Float32Array {
  const weights = new Float32Array(layout.length);
  for (const [index, { name, shape, offset, length }] of layout.slots.entries()) {
    if (!name.endsWith('.lora_a')) continue;
    const uniform = sampleStream(seed, index);
    const bound = 1 / Math.sqrt(shape[0] as number);
    for (let element = offset; element < offset + length; element++) weights[element] = (2 * uniform() - 1) * bound;
  }
  return weights;
}
