import type { BaseWeights } from '../model/base-weights.ts';
import { Decoder, type DecoderShape } from '../model/decoder.ts';
import { AdaptedWeights } from '../model/graph-weights.ts';
import type { HyperParameters } from '../model/hyper-parameters.ts';
import { ParameterBlock } from '../model/parameter-block.ts';
import { adapterLayout } from '../model/parameter-layout.ts';
import type { TreeShape } from '../model/tree-batch.ts';
import { TreeGraph } from '../model/tree-graph.ts';
import type { AdapterWeights } from './adapter-weights.ts';
import { Lane } from './lane.ts';

/** A lane with the base model and room for one adapter of each rank. */
export class ModelLane {
  readonly lane = new Lane();
  readonly model: HyperParameters;
  readonly #base: BaseWeights;
  readonly #blocks = new Map<number, ParameterBlock>();
  readonly #loaded = new Map<number, string>();

  constructor(model: HyperParameters, base: BaseWeights) {
    this.model = model;
    this.#base = base;
  }

  /** A decoder with these weights loaded. Valid until the next call on this lane. */
  decoder(shape: DecoderShape, weights: AdapterWeights): Decoder {
    const block = this.#load(weights);
    const key = `decode ${weights.rank} ${shape.groups} ${shape.prompt} ${shape.samples} ${shape.answer}`;
    return this.lane.keep(key, () => new Decoder(this.lane, this.model, shape, () => new AdaptedWeights(this.#base, block)));
  }

  /** A forward graph over prefix trees with these weights loaded. */
  scorer(shape: TreeShape, weights: AdapterWeights): TreeGraph {
    return this.#tree('score', shape, weights, false);
  }

  /** A graph with gradients; `gradients` holds them after its backward pass. */
  trainer(shape: TreeShape, weights: AdapterWeights): TreeGraph {
    return this.#tree('train', shape, weights, true);
  }

  /** The gradients of the last backward pass of that rank, with respect to the folded weights. */
  gradients(rank: number): Float32Array {
    return this.#block(rank).readGradients();
  }

  #tree(kind: string, shape: TreeShape, weights: AdapterWeights, differentiable: boolean): TreeGraph {
    const block = this.#load(weights);
    const key = `${kind} ${weights.rank} ${shape.bins} ${shape.slots} ${shape.rows}`;
    const plan = { weights: () => new AdaptedWeights(this.#base, block), trained: differentiable ? block : null };
    return this.lane.keep(key, () => new TreeGraph(this.lane, this.model, shape, plan));
  }

  #load(weights: AdapterWeights): ParameterBlock | null {
    if (weights.rank === 0) return null;
    const block = this.#block(weights.rank);
    if (this.#loaded.get(weights.rank) !== weights.key) {
      block.setWeights(weights.values);
      this.#loaded.set(weights.rank, weights.key);
    }
    return block;
  }

  #block(rank: number): ParameterBlock {
    let block = this.#blocks.get(rank);
    if (block === undefined) {
      block = new ParameterBlock(adapterLayout(this.model, rank), this.lane.backend);
      this.#blocks.set(rank, block);
    }
    return block;
  }
}
