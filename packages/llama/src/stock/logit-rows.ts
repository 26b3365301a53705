import koffi from 'koffi';
import { RedQueenError } from '@redqueen/core';
import { notFinite, type TokenRow } from '../engine/token-row.ts';
import { computeGraph, computeGraphNow, newSingleThreadBackend } from '../ffi/backend.ts';
import { backends, graphs, ops, type Pointer, TensorType, tensors } from '../ffi/ggml.ts';
import { newContext, upload } from '../ffi/tensor.ts';

/** Tokens whose weights are summed natively; drawing walks over sums first and then inside one block. */
const blockTokens = 64;
/** Logits that are worked out on this thread: some 0.1 ms. */
const elementsAtOnce = 1 << 18;

/** softmax(logits / temperature) of all rows, and its sums over blocks of tokens. */
interface Weights<Part> {
  readonly tokens: Part;
  readonly blocks: Part;
}

/** What a graph reads and works out. */
interface RowValues {
  readonly logits: Float32Array;
  readonly weights: ReadonlyMap<number, Weights<Float32Array>>;
  /** Σ p · logit of every row. */
  readonly entropySums: Float32Array;
}

/** A graph over the rows of one address, with views of what it works out: valid after computing it. */
interface RowGraph extends RowValues {
  readonly key: string;
  readonly context: Pointer;
  readonly buffer: Pointer;
  readonly graph: Pointer;
}

const nothing: RowValues = { logits: new Float32Array(0), weights: new Map(), entropySums: new Float32Array(0) };

/**
 * Rows of logits in native memory, read without copying them. One row is selected at a time; what is said of it holds until the next `take`.
 *
 * Rows are worked out by a small ggml graph on the logits where they lie: soft_max, and sums over blocks of 64 tokens. TypeScript then reads one sum for
 * every 64 tokens and the weights of one block, never the whole vocabulary; only the likeliest token (temperature 0) is looked for in the row itself.
 */
export class LogitRows implements TokenRow {
  readonly #vocabulary: number;
  readonly #blocks: number;
  readonly #backend = newSingleThreadBackend();
  readonly #allocator: Pointer;
  readonly #constants = newContext(1);
  readonly #constantBuffer: Pointer;
  /** What a block is multiplied with to be summed. */
  readonly #ones: Pointer;
  #graph: RowGraph | null = null;
  #values: RowValues = nothing;
  #row = 0;
  /** log Σ exp(logit) of the selected row. */
  #logTotal = 0;

  constructor(vocabulary: number) {
    this.#vocabulary = vocabulary;
    this.#blocks = Math.floor(vocabulary / blockTokens);
    this.#allocator = graphs.newAllocator(backends.bufferType(this.#backend));
    this.#ones = tensors.new1d(this.#constants, TensorType.f32, blockTokens);
    const buffer = backends.allocateContext(this.#constants, this.#backend);
    if (buffer === null) throw new RedQueenError('resource_exhausted', 'llama: no memory to work out probabilities');
    this.#constantBuffer = buffer;
    upload(this.#ones, new Float32Array(blockTokens).fill(1));
  }

  /** The selected row's logits, a view: valid until the next decode. */
  get logits(): Float32Array {
    return this.#values.logits.subarray(this.#row * this.#vocabulary, (this.#row + 1) * this.#vocabulary);
  }

  /** Takes the rows of a decode; `temperatures` are those that `draw` will be called with. */
  async take(logits: Pointer, rows: number, temperatures: ReadonlySet<number>): Promise<void> {
    const wanted = [1, ...[...temperatures].filter((temperature) => temperature !== 0 && temperature !== 1)];
    const key = `${logits} ${rows} ${wanted.join(' ')}`;
    if (this.#graph?.key !== key) {
      this.#forget();
      this.#graph = this.#build(key, logits, rows, wanted);
    }
    // Handing little work to another thread costs more than doing it.
    if (rows * this.#vocabulary <= elementsAtOnce) computeGraphNow(this.#backend, this.#graph.graph);
    else await computeGraph(this.#backend, this.#graph.graph);
    this.#values = this.#graph;
  }

  /** Selects a row. Throws `failed_precondition` where its logits are not finite. */
  select(row: number): void {
    this.#row = row;
    const { tokens, blocks } = this.#weightsAt(1);
    const start = row * this.#vocabulary;
    // The heaviest token of the heaviest block, or of the rest that fills no block, is likely enough that its weight is precise.
    const block = Math.max(0, indexOfLargest(blocks, row * this.#blocks, this.#blocks)) * blockTokens;
    const rest = this.#blocks * blockTokens;
    const inBlock = block + Math.max(0, indexOfLargest(tokens, start + block, Math.min(blockTokens, this.#vocabulary)));
    const inRest = rest + indexOfLargest(tokens, start + rest, this.#vocabulary - rest);
    const token = inRest >= rest && (tokens[start + inRest] as number) > (tokens[start + inBlock] as number) ? inRest : inBlock;
    this.#logTotal = this.#logit(token) - Math.log(tokens[start + token] as number);
    if (!Number.isFinite(this.#logTotal)) throw notFinite();
  }

  /** The likeliest token; the smallest id among equals. */
  best(): number {
    return indexOfLargest(this.#values.logits, this.#row * this.#vocabulary, this.#vocabulary);
  }

  /** A token from softmax(logits / temperature), by inverse-transform sampling of a uniform number in [0, 1). */
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
    const first = start + block * blockTokens;
    const count = block < this.#blocks ? blockTokens : this.#vocabulary - rest;
    // A block's own weights add up to its sum but for rounding, which must not fall to whatever token comes last.
    let own = 0;
    for (let place = first; place < first + count; place++) own += tokens[place] as number;
    if (block < this.#blocks) left *= own / (blocks[firstBlock + block] as number);
    for (let place = first; place < first + count; place++) {
      left -= tokens[place] as number;
      if (left < 0) return place - start;
    }
    return own > 0 ? first - start + indexOfLargest(tokens, first, count) : this.best();
  }

  /** log p(token) at temperature 1 of the whole distribution, natural logarithm. */
  logProb(token: number): number {
    return this.#logit(token) - this.#logTotal;
  }

  /** Entropy at temperature 1 in nats. */
  entropy(): number {
    return this.#logTotal - (this.#values.entropySums[this.#row] as number);
  }

  /** Frees native memory. */
  close(): void {
    this.#forget();
    graphs.freeAllocator(this.#allocator);
    backends.freeBuffer(this.#constantBuffer);
    tensors.free(this.#constants);
    backends.free(this.#backend);
  }

  #logit(token: number): number {
    return this.#values.logits[this.#row * this.#vocabulary + token] as number;
  }

  #weightsAt(temperature: number): Weights<Float32Array> {
    const weights = this.#values.weights.get(temperature);
    if (weights === undefined) throw new RedQueenError('internal', `llama: no weights were computed for temperature ${temperature}`);
    return weights;
  }

  #build(key: string, logits: Pointer, rows: number, temperatures: readonly number[]): RowGraph {
    if (logits % 32n !== 0n)
      throw new RedQueenError(
        'internal',
        'llama.cpp: the logits lie at an odd address; install the node-llama-cpp version of package.json',
      );
    const vocabulary = this.#vocabulary;
    const nodes = 8 + 4 * temperatures.length;
    const columnBytes = [vocabulary * 4, vocabulary * 4, vocabulary * rows * 4] as const;
    const context = newContext(nodes, Number(tensors.graphOverhead(nodes, false)));
    const graph = graphs.create(context, nodes, false);
    const input = tensors.new2d(context, TensorType.f32, vocabulary, rows);
    const buffer = backends.wrap(logits, rows * vocabulary * 4);
    if (buffer === null || backends.placeAt(buffer, input, logits) !== 0)
      throw new RedQueenError(
        'internal',
        'ggml: the logits cannot be read where they lie; install the node-llama-cpp version of package.json',
      );
    const output = (tensor: Pointer): Pointer => {
      tensors.setOutput(tensor);
      graphs.expand(graph, tensor);
      return tensor;
    };
    const weights = new Map(
      temperatures.map((temperature): [number, Weights<Pointer>] => {
        const all = output(ops.softmax(context, input, null, 1 / temperature, 0));
        const [blockBytes, rowBytes] = [blockTokens * 4, vocabulary * 4];
        const cut = tensors.view4d(context, all, blockTokens, this.#blocks, rows, 1, blockBytes, rowBytes, rows * rowBytes, 0);
        return [temperature, { tokens: all, blocks: output(ops.matrixMultiply(context, this.#ones, cut)) }];
      }),
    );
    // One product of two vectors a row: Σ p · logit.
    const columns = (matrix: Pointer): Pointer => tensors.view4d(context, matrix, vocabulary, 1, rows, 1, ...columnBytes, 0);
    const entropySums = output(ops.matrixMultiply(context, columns((weights.get(1) as Weights<Pointer>).tokens), columns(input)));
    if (!graphs.reserve(this.#allocator, graph) || !graphs.allocate(this.#allocator, graph))
      throw new RedQueenError('resource_exhausted', 'llama: no memory to work out probabilities; ask for fewer samples at once');
    const view = (address: Pointer, length: number) => new Float32Array(koffi.view(address, length * 4));
    return {
      key,
      context,
      buffer,
      graph,
      logits: view(logits, rows * vocabulary),
      weights: new Map(
        [...weights].map(([temperature, { tokens, blocks }]) => [
          temperature,
          { tokens: view(tensors.data(tokens), rows * vocabulary), blocks: view(tensors.data(blocks), rows * this.#blocks) },
        ]),
      ),
      entropySums: view(tensors.data(entropySums), rows),
    };
  }

  #forget(): void {
    if (this.#graph === null) return;
    this.#values = nothing;
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
