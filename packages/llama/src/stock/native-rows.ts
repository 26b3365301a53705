import koffi from 'koffi';
import { RedQueenError } from '@redqueen/core';
import { computeGraph, newSingleThreadBackend } from '../ffi/backend.ts';
import { backends, graphs, ops, type Pointer, TensorType, tensors } from '../ffi/ggml.ts';
import { newContext } from '../ffi/tensor.ts';
import { type LogitRows, notFinite } from './logit-rows.ts';

/** Tokens whose weights are summed natively; drawing walks over sums first and then inside one block. */
const blockTokens = 64;

/** softmax(logits / temperature) of all rows, and its sums over blocks of tokens. */
interface Weights {
  readonly tokens: Pointer;
  readonly blocks: Pointer;
}

/** A graph over the rows of one address. Views of its results are valid after computing it. */
interface RowGraph {
  readonly key: string;
  readonly context: Pointer;
  readonly buffer: Pointer;
  readonly graph: Pointer;
  readonly weights: ReadonlyMap<number, Weights>;
  readonly entropySums: Pointer;
}

/** Views of one softmax. */
interface WeightViews {
  readonly tokens: Float32Array;
  readonly blocks: Float32Array;
}

/**
 * Rows worked out by a small ggml graph on the logits where they lie: soft_max, and sum_rows over blocks of 64 tokens (ggml adds these up in
 * double precision). TypeScript then reads one block's sum for every 64 tokens and the weights of one block, never the whole vocabulary.
 */
export class NativeRows implements LogitRows {
  readonly #vocabulary: number;
  readonly #blocks: number;
  readonly #backend = newSingleThreadBackend();
  readonly #allocator: Pointer;
  #graph: RowGraph | null = null;
  #logits = new Float32Array(0);
  #views = new Map<number, WeightViews>();
  #entropySums = new Float32Array(0);
  #row = 0;
  /** log Σ exp(logit) of the selected row. */
  #logTotal = 0;

  constructor(vocabulary: number) {
    this.#vocabulary = vocabulary;
    this.#blocks = Math.floor(vocabulary / blockTokens);
    this.#allocator = graphs.newAllocator(backends.bufferType(this.#backend));
  }

  get logits(): Float32Array {
    return this.#logits.subarray(this.#row * this.#vocabulary, (this.#row + 1) * this.#vocabulary);
  }

  async take(logits: Pointer, rows: number, temperatures: ReadonlySet<number>): Promise<void> {
    const wanted = [1, ...[...temperatures].filter((temperature) => temperature !== 0 && temperature !== 1)];
    const key = `${logits} ${rows} ${wanted.join(' ')}`;
    if (this.#graph?.key !== key) {
      this.#forget();
      this.#graph = this.#build(key, logits, rows, wanted);
    }
    await computeGraph(this.#backend, this.#graph.graph);
    const view = (tensor: Pointer, length: number) => new Float32Array(koffi.view(tensors.data(tensor), length * 4));
    this.#logits = new Float32Array(koffi.view(logits, rows * this.#vocabulary * 4));
    this.#entropySums = view(this.#graph.entropySums, rows);
    this.#views = new Map(
      [...this.#graph.weights].map(([temperature, weights]) => [
        temperature,
        { tokens: view(weights.tokens, rows * this.#vocabulary), blocks: view(weights.blocks, rows * this.#blocks) },
      ]),
    );
  }

  select(row: number): void {
    this.#row = row;
    const weights = this.#weightsAt(1);
    // The heaviest token of the heaviest block is likely enough that its weight is precise.
    const heaviest = indexOfLargest(weights.blocks, row * this.#blocks, this.#blocks);
    const [first, count] = heaviest < 0 ? [0, this.#vocabulary] : [heaviest * blockTokens, blockTokens];
    const token = first + Math.max(0, indexOfLargest(weights.tokens, row * this.#vocabulary + first, count));
    this.#logTotal = this.#logit(token) - Math.log(weights.tokens[row * this.#vocabulary + token] as number);
    if (!Number.isFinite(this.#logTotal)) throw notFinite();
  }

  best(): number {
    return indexOfLargest(this.#logits, this.#row * this.#vocabulary, this.#vocabulary);
  }

  draw(temperature: number, uniform: number): number {
    const { tokens, blocks } = this.#weightsAt(temperature);
    const [start, firstBlock] = [this.#row * this.#vocabulary, this.#row * this.#blocks];
    const rest = this.#blocks * blockTokens;
    let total = 0;
    for (let block = 0; block < this.#blocks; block++) total += blocks[firstBlock + block] as number;
    for (let token = rest; token < this.#vocabulary; token++) total += tokens[start + token] as number;
    let left = uniform * total;
    let block = 0;
    while (block < this.#blocks && left >= (blocks[firstBlock + block] as number)) left -= blocks[firstBlock + block++] as number;
    const end = block < this.#blocks ? (block + 1) * blockTokens : this.#vocabulary;
    let likely = -1;
    for (let token = block * blockTokens; token < end; token++) {
      const weight = tokens[start + token] as number;
      if (weight > 0) likely = token;
      left -= weight;
      if (left < 0) return token;
    }
    // Rounding can leave a rest at the end of a block: its last token that has any weight.
    return likely >= 0 ? likely : this.best();
  }

  logProb(token: number): number {
    return this.#logit(token) - this.#logTotal;
  }

  entropy(): number {
    return this.#logTotal - (this.#entropySums[this.#row] as number);
  }

  close(): void {
    this.#forget();
    graphs.freeAllocator(this.#allocator);
    backends.free(this.#backend);
  }

  #logit(token: number): number {
    return this.#logits[this.#row * this.#vocabulary + token] as number;
  }

  #weightsAt(temperature: number): WeightViews {
    const weights = this.#views.get(temperature);
    if (weights === undefined) throw new RedQueenError('internal', `llama: no weights were computed for temperature ${temperature}`);
    return weights;
  }

  #build(key: string, logits: Pointer, rows: number, temperatures: readonly number[]): RowGraph {
    if (logits % 32n !== 0n) throw new RedQueenError('internal', 'llama.cpp: the logits lie at an odd address; install the node-llama-cpp version of package.json');
    const vocabulary = this.#vocabulary;
    const nodes = 8 + 4 * temperatures.length;
    const context = newContext(nodes, Number(tensors.graphOverhead(nodes, false)));
    const graph = graphs.create(context, nodes, false);
    const input = tensors.new2d(context, TensorType.f32, vocabulary, rows);
    const buffer = backends.wrap(logits, rows * vocabulary * 4);
    if (buffer === null || backends.placeAt(buffer, input, logits) !== 0)
      throw new RedQueenError('internal', 'ggml: the logits cannot be read where they lie; install the node-llama-cpp version of package.json');
    const output = (tensor: Pointer): Pointer => {
      tensors.setOutput(tensor);
      graphs.expand(graph, tensor);
      return tensor;
    };
    const weights = new Map(
      temperatures.map((temperature): [number, Weights] => {
        const all = output(ops.softmax(context, input, null, 1 / temperature, 0));
        const [blockBytes, rowBytes] = [blockTokens * 4, vocabulary * 4];
        const cut = tensors.view4d(context, all, blockTokens, this.#blocks, rows, 1, blockBytes, rowBytes, rows * rowBytes, 0);
        return [temperature, { tokens: all, blocks: output(ops.sumRows(context, cut)) }];
      }),
    );
    const plain = (weights.get(1) as Weights).tokens;
    const entropySums = output(ops.sumRows(context, ops.multiply(context, plain, input)));
    if (!graphs.reserve(this.#allocator, graph) || !graphs.allocate(this.#allocator, graph))
      throw new RedQueenError('resource_exhausted', 'llama: no memory to work out probabilities; ask for fewer samples at once');
    return { key, context, buffer, graph, weights, entropySums };
  }

  #forget(): void {
    if (this.#graph === null) return;
    this.#views.clear();
    tensors.free(this.#graph.context);
    backends.freeBuffer(this.#graph.buffer);
    this.#graph = null;
  }
}

/** The place of the largest of some numbers, the first among equals, counted from `start`; −1 where there is none. */
function indexOfLargest(values: Float32Array, start: number, count: number): number {
  let largest = -Infinity;
  let index = -1;
  for (let place = 0; place < count; place++) {
    const value = values[start + place] as number;
    if (value > largest) {
      largest = value;
      index = place;
    }
  }
  return index;
}
