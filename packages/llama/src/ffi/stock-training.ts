// llama.cpp's own training of all weights (llama_opt_*), as llama-finetune runs it: what our trainer is measured against.
import { RedQueenError } from '@redqueen/core';
import koffi, { type KoffiFunc } from 'koffi';
import { backends, type Pointer, TensorType } from './ggml.ts';
import { ggmlBase, llamaLibrary } from './libraries.ts';
import { initialiseLlama, llama } from './llama.ts';

koffi.struct('llama_opt_params', {
  n_ctx_train: 'uint32_t',
  param_filter: 'void*',
  param_filter_ud: 'void*',
  get_opt_pars: 'void*',
  get_opt_pars_ud: 'void*',
  optimizer_type: 'int32_t',
});
const optBytes = 48;

interface OptParameters {
  readonly n_ctx_train: number;
  readonly param_filter: Pointer;
  readonly param_filter_ud: null;
  readonly get_opt_pars: Pointer;
  readonly get_opt_pars_ud: Pointer;
  readonly optimizer_type: number;
}

type Library = typeof ggmlBase;

function bind<Signature extends (...parameters: never[]) => unknown>(library: Library, definition: string): KoffiFunc<Signature> {
  return library.func(definition) as unknown as KoffiFunc<Signature>;
}

const contextSize = bind<(context: Pointer) => number>(llamaLibrary, 'uint32_t llama_n_ctx(P context)');

const opt = {
  init: bind<(context: Pointer, model: Pointer, parameters: OptParameters) => void>(
    llamaLibrary,
    'void llama_opt_init(P context, P model, llama_opt_params params)',
  ),
  epoch: bind<(context: Pointer, data: Pointer, train: Pointer, evaluation: Pointer | null, split: number, a: null, b: null) => void>(
    llamaLibrary,
    'void llama_opt_epoch(P context, P dataset, P train, P evaluation, int64_t split, void* train_callback, void* evaluation_callback)',
  ),
  newData: bind<(type: number, labelType: number, point: number, label: number, count: number, shard: number) => Pointer>(
    ggmlBase,
    'P ggml_opt_dataset_init(int type_data, int type_label, int64_t ne_datapoint, int64_t ne_label, int64_t ndata, int64_t ndata_shard)',
  ),
  data: bind<(data: Pointer) => Pointer>(ggmlBase, 'P ggml_opt_dataset_data(P dataset)'),
  labels: bind<(data: Pointer) => Pointer>(ggmlBase, 'P ggml_opt_dataset_labels(P dataset)'),
  freeData: bind<(data: Pointer) => void>(ggmlBase, 'void ggml_opt_dataset_free(P dataset)'),
  newResult: bind<() => Pointer>(ggmlBase, 'P ggml_opt_result_init()'),
  freeResult: bind<(result: Pointer) => void>(ggmlBase, 'void ggml_opt_result_free(P result)'),
  loss: bind<(result: Pointer, loss: Float64Array, deviation: Float64Array) => void>(
    ggmlBase,
    'void ggml_opt_result_loss(P result, double* loss, double* unc)',
  ),
} as const;

/** Weights are read into memory of their own: mapped ones cannot be written. */
const loadModeNone = 0;
const adamw = 0;

/** Settings of llama.cpp's AdamW. */
export interface StockOptimizer {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** An F32 model with llama.cpp's own trainer: cross-entropy of every position, one sequence an optimizer step. Token embeddings are not trained (llama.cpp leaves them out). */
export class StockTraining {
  readonly #model: Pointer;
  readonly #context: Pointer;
  readonly #length: number;
  // Native memory, because llama.cpp reads it at every step.
  readonly #settings: Pointer;

  /** `length`: tokens of a sequence. Throws `failed_precondition` or `resource_exhausted` where llama.cpp refuses; a model that is not F32 makes ggml abort. */
  constructor(path: string, length: number, threads: number, optimizer: StockOptimizer) {
    initialiseLlama();
    if (koffi.sizeof('llama_opt_params') !== optBytes)
      throw new RedQueenError(
        'failed_precondition',
        'llama.cpp: llama_opt_params differs from what we know; install the node-llama-cpp version of package.json',
      );
    const model = llama.loadModel(path, { ...llama.modelDefaults(), n_gpu_layers: 0, load_mode: loadModeNone, use_extra_bufts: false });
    if (model === null)
      throw new RedQueenError('failed_precondition', `model: llama.cpp cannot load ${path}; check that it is a complete GGUF model file`);
    const context = llama.newContext(model, {
      ...llama.contextDefaults(),
      n_ctx: length,
      n_batch: length,
      n_ubatch: length,
      n_seq_max: 1,
      n_threads: threads,
      n_threads_batch: threads,
      flash_attn_type: 0,
      type_k: TensorType.f32,
      type_v: TensorType.f32,
      no_perf: true,
    });
    if (context === null) {
      llama.freeModel(model);
      throw new RedQueenError('resource_exhausted', `llama.cpp: no context of ${length} tokens; use shorter sequences`);
    }
    this.#model = model;
    this.#context = context;
    this.#length = length;
    const { learningRate, beta1, beta2, epsilon, weightDecay } = optimizer;
    this.#settings = koffi.alloc('float', 7) as Pointer;
    new Float32Array(koffi.view(this.#settings, 28)).set([learningRate, beta1, beta2, epsilon, weightDecay, learningRate, weightDecay]);
    this.#setThreads();
    opt.init(context, model, {
      n_ctx_train: length,
      param_filter: llamaLibrary.symbol('llama_opt_param_filter_all', 'void*') as unknown as Pointer,
      param_filter_ud: null,
      get_opt_pars: ggmlBase.symbol('ggml_opt_get_constant_optimizer_params', 'void*') as unknown as Pointer,
      get_opt_pars_ud: this.#settings,
      optimizer_type: adamw,
    });
  }

  /** One optimizer step a sequence. Each row of `tokens` and `labels` has `length` entries; a label is the token that comes next. Returns the mean loss before each step. */
  epoch(tokens: Int32Array, labels: Int32Array): number {
    const count = tokens.length / this.#length;
    // Rows are read as wide as the context, which is rounded up; what lies beyond the length is not trained on.
    const width = contextSize(this.#context);
    const data = opt.newData(TensorType.i32, TensorType.i32, width, width, count, 1);
    const result = opt.newResult();
    try {
      for (const [target, rows] of [
        [opt.data(data), tokens],
        [opt.labels(data), labels],
      ] as const) {
        const wide = new Int32Array(count * width);
        for (let row = 0; row < count; row++) wide.set(rows.subarray(row * this.#length, (row + 1) * this.#length), row * width);
        backends.set(target, wide, 0, wide.byteLength);
      }
      opt.epoch(this.#context, data, result, null, count, null, null);
      const [loss, deviation] = [new Float64Array(1), new Float64Array(1)];
      opt.loss(result, loss, deviation);
      return loss[0] as number;
    } finally {
      opt.freeResult(result);
      opt.freeData(data);
    }
  }

  /** Frees context and model. */
  close(): void {
    llama.freeContext(this.#context);
    llama.freeModel(this.#model);
    koffi.free(this.#settings);
  }

  /** The backends learn the number of threads with the first decode; without one, training would run on their default of four. */
  #setThreads(): void {
    const batch = llama.newBatch(1, 0, 1);
    batch.n_tokens = 1;
    new Int32Array(koffi.view(batch.token, 4))[0] = 0;
    new Int32Array(koffi.view(batch.pos, 4))[0] = 0;
    new Int32Array(koffi.view(batch.n_seq_id, 4))[0] = 1;
    const [sequence] = new BigUint64Array(koffi.view(batch.seq_id, 8));
    new Int32Array(koffi.view(sequence as bigint, 4))[0] = 0;
    new Int8Array(koffi.view(batch.logits, 1))[0] = 1;
    const status = llama.decode(this.#context, batch);
    llama.freeBatch(batch);
    if (status !== 0) throw new RedQueenError('internal', `llama.cpp: decoding failed with status ${status}`);
    llama.clearMemory(llama.memory(this.#context), true);
  }
}
