import type { BaseWeights } from '../model/base-weights.ts';
import { Decoder, type DecoderShape } from '../model/decoder.ts';
import { type AdapterInUse, AdaptedWeights } from '../model/graph-weights.ts';
import { HeadGraph, headRows } from '../model/head-graph.ts';
import type { HyperParameters } from '../model/hyper-parameters.ts';
import { canMerge, type MergedForm, MergedMatrices, mergedBytes } from '../model/merged-matrices.ts';
import { ParameterBlock } from '../model/parameter-block.ts';
import { adapterLayout } from '../model/parameter-layout.ts';
import type { TreeShape } from '../model/tree-batch.ts';
import { type GraphPlan, TreeGraph } from '../model/tree-graph.ts';
import type { AdapterWeights } from './adapter-weights.ts';
import { Lane } from './lane.ts';

/** A lane with the base model and room for one adapter of each rank, one of which may be merged into copies of the matrices. */
export class ModelLane {
  readonly lane = new Lane();
  readonly model: HyperParameters;
  readonly #base: BaseWeights;
  readonly #activationBytes: number;
  readonly #blocks = new Map<number, ParameterBlock>();
  readonly #loaded = new Map<number, string>();
  readonly #merged: MergedMatrices | null;
  readonly #mergedKeys: Record<MergedForm, string> = { tensor: '', transposed: '' };

  /** Adapters are merged where the copies take at most `mergeBytes` and lose no precision. `activationBytes` bounds what training keeps between passes. */
  constructor(model: HyperParameters, base: BaseWeights, mergeBytes: number, activationBytes: number) {
    this.model = model;
    this.#base = base;
    this.#activationBytes = activationBytes;
    this.#merged = mergedBytes(model) <= mergeBytes && canMerge(base) ? new MergedMatrices(this.lane, base, model) : null;
  }

  /** A decoder with these weights loaded. Valid until the next call on this lane. */
  async decoder(shape: DecoderShape, weights: AdapterWeights): Promise<Decoder> {
    const adapter = await this.#load(weights, false);
    const key = `decode ${weights.rank} ${shape.groups} ${shape.prompt} ${shape.samples} ${shape.answer}`;
    return this.lane.keep(key, () => new Decoder(this.lane, this.model, shape, () => new AdaptedWeights(this.#base, adapter)));
  }

  /** A forward graph over prefix trees up to the head, with these weights loaded. */
  scorer(shape: TreeShape, weights: AdapterWeights): Promise<TreeGraph> {
    return this.#tree(shape, weights, false);
  }

  /** A graph with gradients; `gradients` holds them after its backward pass. */
  async trainer(shape: TreeShape, weights: AdapterWeights): Promise<TreeGraph> {
    await this.#base.prepareBackward();
    return this.#tree(shape, weights, true);
  }

  /** The head for the hidden states of such a graph, and how many of its `rows` it takes at once. */
  head(rows: number, trained: boolean): { readonly graph: HeadGraph; readonly rows: number } {
    const together = headRows(this.model.vocabulary, rows, this.#activationBytes);
    const make = (): HeadGraph => new HeadGraph(this.lane, this.model, together, trained, () => new AdaptedWeights(this.#base, null));
    return { graph: this.lane.keep(`head ${trained} ${together}`, make), rows: together };
  }

  /** The gradients of the last backward pass of that rank, with respect to the folded weights. */
  gradients(rank: number): Float32Array {
    return this.#block(rank).readGradients();
  }

  async #tree(shape: TreeShape, weights: AdapterWeights, trained: boolean): Promise<TreeGraph> {
    const adapter = await this.#load(weights, trained);
    const key = `${trained ? 'train' : 'score'} ${weights.rank} ${shape.bins} ${shape.slots} ${shape.rows}`;
    const plan: GraphPlan = {
      weights: () => new AdaptedWeights(this.#base, adapter),
      output: 'hidden',
      trained: trained ? (adapter?.block ?? null) : null,
      activationBytes: this.#activationBytes,
    };
    return this.lane.keep(key, () => new TreeGraph(this.lane, this.model, shape, plan));
  }

  async #load(weights: AdapterWeights, trained: boolean): Promise<AdapterInUse | null> {
    const { rank, key, values } = weights;
    if (rank === 0) return null;
    const block = this.#block(rank);
    if (this.#loaded.get(rank) !== key) {
      block.setWeights(values);
      this.#loaded.set(rank, key);
    }
    await this.#merge(block, weights, 'tensor');
    if (trained) await this.#merge(block, weights, 'transposed');
    return { block, merged: this.#merged?.matrices ?? null, trained };
  }

  async #merge(block: ParameterBlock, { rank, key }: AdapterWeights, form: MergedForm): Promise<void> {
    if (this.#merged === null || this.#mergedKeys[form] === key) return;
    await this.#merged.merge(block, rank, form);
    this.#mergedKeys[form] = key;
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
