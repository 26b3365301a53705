// libllama's by-value structs as of the pinned release. They change between releases: always start from the defaults and check those.
import { RedQueenError } from '@redqueen/core';
import koffi from 'koffi';

koffi.struct('llama_model_params', {
  devices: 'void*',
  tensor_buft_overrides: 'void*',
  n_gpu_layers: 'int32_t',
  split_mode: 'int32_t',
  load_mode: 'int32_t',
  lazy_mode: 'int32_t',
  main_gpu: 'int32_t',
  tensor_split: 'void*',
  progress_callback: 'void*',
  progress_callback_user_data: 'void*',
  kv_overrides: 'void*',
  vocab_only: 'bool',
  check_tensors: 'bool',
  use_extra_bufts: 'bool',
  no_host: 'bool',
  no_alloc: 'bool',
  load_mtp: 'bool',
});
koffi.struct('llama_context_params', {
  n_ctx: 'uint32_t',
  n_batch: 'uint32_t',
  n_ubatch: 'uint32_t',
  n_seq_max: 'uint32_t',
  n_rs_seq: 'uint32_t',
  n_outputs_max: 'uint32_t',
  n_outputs_max_per_seq: 'uint32_t',
  n_threads: 'int32_t',
  n_threads_batch: 'int32_t',
  ctx_type: 'int32_t',
  rope_scaling_type: 'int32_t',
  pooling_type: 'int32_t',
  attention_type: 'int32_t',
  flash_attn_type: 'int32_t',
  rope_freq_base: 'float',
  rope_freq_scale: 'float',
  yarn_ext_factor: 'float',
  yarn_attn_factor: 'float',
  yarn_beta_fast: 'float',
  yarn_beta_slow: 'float',
  yarn_orig_ctx: 'uint32_t',
  defrag_thold: 'float',
  cb_eval: 'void*',
  cb_eval_user_data: 'void*',
  type_k: 'int32_t',
  type_v: 'int32_t',
  abort_callback: 'void*',
  abort_callback_data: 'void*',
  embeddings: 'bool',
  offload_kqv: 'bool',
  no_perf: 'bool',
  op_offload: 'bool',
  swa_full: 'bool',
  kv_unified: 'bool',
  samplers: 'void*',
  n_samplers: 'size_t',
  ctx_other: 'void*',
});
koffi.struct('llama_batch', {
  n_tokens: 'int32_t',
  token: 'void*',
  embd: 'void*',
  pos: 'void*',
  n_seq_id: 'void*',
  seq_id: 'void*',
  logits: 'void*',
});

/** The fields of llama_model_params that we read or set. */
export interface ModelParameters {
  n_gpu_layers: number;
  load_mode: number;
  vocab_only: boolean;
  check_tensors: boolean;
  use_extra_bufts: boolean;
  no_alloc: boolean;
  kv_overrides: bigint | null;
}

/** The fields of llama_context_params that we read or set. */
export interface ContextParameters {
  n_ctx: number;
  n_batch: number;
  n_ubatch: number;
  n_seq_max: number;
  n_threads: number;
  n_threads_batch: number;
  flash_attn_type: number;
  rope_scaling_type: number;
  yarn_beta_fast: number;
  yarn_beta_slow: number;
  type_k: number;
  type_v: number;
  embeddings: boolean;
  offload_kqv: boolean;
  no_perf: boolean;
  swa_full: boolean;
  kv_unified: boolean;
}

/** A batch in native memory. */
export interface Batch {
  n_tokens: number;
  readonly token: bigint;
  readonly pos: bigint;
  readonly n_seq_id: bigint;
  readonly seq_id: bigint;
  readonly logits: bigint;
}

const modelBytes = 80;
const contextBytes = 160;
const batchBytes = 56;

/**
 * Checks that the library's defaults, read through our structs, are those that its header documents.
 * Throws `failed_precondition` naming the fields that look wrong.
 */
export function checkDefaults(model: ModelParameters, context: ContextParameters): void {
  const facts: readonly (readonly [string, boolean])[] = [
    [
      'sizeof',
      koffi.sizeof('llama_model_params') === modelBytes &&
        koffi.sizeof('llama_context_params') === contextBytes &&
        koffi.sizeof('llama_batch') === batchBytes,
    ],
    ['model.vocab_only', !model.vocab_only],
    ['model.check_tensors', !model.check_tensors],
    ['model.use_extra_bufts', model.use_extra_bufts],
    ['model.no_alloc', !model.no_alloc],
    ['model.kv_overrides', model.kv_overrides === null],
    ['context.n_ctx', context.n_ctx === 512],
    ['context.n_batch', context.n_batch >= 512 && context.n_batch <= 8192],
    ['context.n_seq_max', context.n_seq_max === 1],
    ['context.n_threads', context.n_threads > 0 && context.n_threads < 1024],
    ['context.rope_scaling_type', context.rope_scaling_type === -1],
    ['context.yarn_beta', context.yarn_beta_fast === 32 || context.yarn_beta_fast === -1],
    ['context.type_k', context.type_k === 1 && context.type_v === 1],
    ['context.embeddings', !context.embeddings && context.offload_kqv],
  ];
  const wrong = facts.filter(([, holds]) => !holds).map(([name]) => name);
  if (wrong.length > 0) {
    throw new RedQueenError(
      'failed_precondition',
      `llama.cpp: parameter structs differ from what we know (${wrong.join(', ')}); install the node-llama-cpp version of package.json`,
    );
  }
}
