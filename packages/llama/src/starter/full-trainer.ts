import { loadBackends } from '../ffi/backend.ts';
import { checkTensorLayout } from '../ffi/tensor.ts';
import { adamwStep, newOptimizerState, type OptimizerState } from '../engine/adamw.ts';
import { Lane } from '../engine/lane.ts';
import { LanePool } from '../engine/lane-pool.ts';
import { planTrees, type TreeChunk } from '../engine/tree-chunks.ts';
import { crossEntropy, type Target } from '../losses/cross-entropy.ts';
import { RowSoftmax } from '../losses/softmax.ts';
import { TrainedWeights } from '../model/graph-weights.ts';
import type { HyperParameters } from '../model/hyper-parameters.ts';
import { ParameterBlock } from '../model/parameter-block.ts';
import { fullLayout, type ParameterLayout } from '../model/parameter-layout.ts';
import { prefixTree } from '../model/prefix-tree.ts';
import { treeInputs } from '../model/tree-batch.ts';
import { type GraphPlan, TreeGraph } from '../model/tree-graph.ts';
import type { UpdateSettings } from '../worker/protocol.ts';

/** A text to learn: the loss is on the answer's tokens alone. */
export interface TrainingLine {
  /** At least one token (the beginning-of-sequence token). */
  readonly prompt: Int32Array;
  readonly answer: Int32Array;
}

/** Figures of one pass over lines. */
export interface LineFigures {
  /** Mean −log p of the answers' tokens, in nats. */
  readonly loss: number;
  /** For each line: whether every token of its answer is the likeliest given those before. */
  readonly correct: readonly boolean[];
  /** For each line: log p of its whole answer, so that exp of it is the probability of sampling that answer at temperature 1. */
  readonly logProbs: readonly number[];
  readonly tokens: number;
}

/** A lane with its own copy of all weights. */
class FullLane {
  readonly lane = new Lane();
  readonly block: ParameterBlock;
  readonly #model: HyperParameters;
  #revision = -1;

  constructor(model: HyperParameters, layout: ParameterLayout) {
    this.#model = model;
    this.block = new ParameterBlock(layout, this.lane.backend);
  }

  graph(chunk: TreeChunk, differentiable: boolean): TreeGraph {
    const { bins, slots, rows } = chunk.shape;
    const plan: GraphPlan = {
      weights: () => new TrainedWeights(this.block),
      output: 'logits',
      trained: differentiable ? this.block : null,
      activationBytes: Number.POSITIVE_INFINITY,
    };
    return this.lane.keep(`${differentiable} ${bins} ${slots} ${rows}`, () => new TreeGraph(this.lane, this.#model, chunk.shape, plan));
  }

  load(weights: Float32Array, revision: number): void {
    if (this.#revision !== revision) this.block.setWeights(weights);
    this.#revision = revision;
  }
}

interface ChunkResult {
  readonly loss: number;
  readonly correct: readonly boolean[];
  readonly logProbs: readonly number[];
  readonly gradient: Float32Array | null;
}

/** Slots computed together: more than the device takes, since here nobody waits for a small batch. */
const slotsTogether = 512;

/** Trains all weights of a llama-architecture model by cross-entropy, in this process. It makes starters; adapters are trained by the device. */
export class FullTrainer {
  /** By `fullLayout(model)`; may be read at any time between updates. */
  readonly weights: Float32Array;
  readonly model: HyperParameters;
  readonly #optimizer: OptimizerState;
  readonly #pool: LanePool<FullLane>;
  #revision = 0;

  /** `threads` lanes; `now`: seconds of a monotonic clock. `weights` is taken over, not copied. */
  constructor(model: HyperParameters, weights: Float32Array, threads: number, now: () => number) {
    loadBackends();
    checkTensorLayout();
    const layout = fullLayout(model);
    this.model = model;
    this.weights = weights;
    this.#optimizer = newOptimizerState(layout.length);
    this.#pool = new LanePool(
      Array.from({ length: threads }, () => new FullLane(model, layout)),
      now,
    );
  }

  /** Seconds that lanes were busy, summed over lanes. */
  get laneSeconds(): number {
    return this.#pool.seconds.train + this.#pool.seconds.score;
  }

  /** One AdamW update on the lines' mean loss. The figures are those before the update. */
  async update(lines: readonly TrainingLine[], settings: UpdateSettings): Promise<LineFigures & { readonly gradientNorm: number }> {
    const { figures, gradient } = await this.#pass(lines, true);
    const gradientNorm = adamwStep(this.weights, gradient, this.#optimizer, settings);
    this.#revision++;
    return { ...figures, gradientNorm };
  }

  /** The figures without learning (teacher forcing). */
  async evaluate(lines: readonly TrainingLine[]): Promise<LineFigures> {
    return (await this.#pass(lines, false)).figures;
  }

  /** The gradient of the lines' mean loss, for checks. */
  async gradient(lines: readonly TrainingLine[]): Promise<Float32Array> {
    return (await this.#pass(lines, true)).gradient;
  }

  /** To be called after writing to `weights`. */
  changed(): void {
    this.#revision++;
  }

  async #pass(
    lines: readonly TrainingLine[],
    differentiable: boolean,
  ): Promise<{ readonly figures: LineFigures; readonly gradient: Float32Array }> {
    const tokens = lines.reduce((sum, line) => sum + line.answer.length, 0);
    const chunks = planTrees(
      lines.map(({ prompt, answer }) => prefixTree(prompt, [answer])),
      slotsTogether,
    );
    const parts = await Promise.all(
      chunks.map((chunk) =>
        this.#pool.run('starter', differentiable ? 'train' : 'score', (member) =>
          this.#chunk(member, chunk, lines, tokens, differentiable),
        ),
      ),
    );
    const gradient = new Float32Array(differentiable ? this.weights.length : 0);
    const correct = lines.map(() => false);
    const logProbs = lines.map(() => 0);
    let loss = 0;
    for (const [which, part] of parts.entries()) {
      loss += part.loss;
      for (const [index, place] of (chunks[which] as TreeChunk).places.entries()) {
        correct[place] = part.correct[index] as boolean;
        logProbs[place] = part.logProbs[index] as number;
      }
      for (let index = 0; index < gradient.length; index++)
        gradient[index] = (gradient[index] as number) + (part.gradient?.[index] as number);
    }
    return { figures: { loss, correct, logProbs, tokens }, gradient };
  }

  async #chunk(
    member: FullLane,
    chunk: TreeChunk,
    lines: readonly TrainingLine[],
    normaliser: number,
    differentiable: boolean,
  ): Promise<ChunkResult> {
    member.load(this.weights, this.#revision);
    const { model } = this;
    const inputs = await treeInputs(chunk.trees, chunk.shape, model.slidingWindow);
    const graph = member.graph(chunk, differentiable);
    const logits = await graph.forward(inputs);
    const targets = chunk.trees.map(({ tree }, index) => {
      const { answer } = lines[chunk.places[index] as number] as TrainingLine;
      return Array.from(
        tree.predictors[0] ?? [],
        (output, position): Target => ({ row: (inputs.firstRows[index] as number) + output, token: answer[position] as number }),
      );
    });
    const seed = differentiable ? new Float32Array(chunk.shape.rows * model.vocabulary) : null;
    const softmax = new RowSoftmax(model.vocabulary);
    const results = targets.map((line) => crossEntropy(logits, softmax, line, normaliser, seed));
    if (seed !== null) await graph.backward(seed);
    return {
      loss: results.reduce((sum, result) => sum + result.loss, 0),
      correct: results.map((result) => result.correct.every(Boolean)),
      logProbs: results.map((result) => -result.loss * normaliser),
      gradient: seed === null ? null : member.block.readGradients(),
    };
  }
}
