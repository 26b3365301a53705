// libllama: the model in memory, and stock decoding with an adapter file, against which our own engine is checked.
import { RedQueenError } from '@redqueen/core';
import koffi, { type KoffiFunc } from 'koffi';
import { loadBackends } from './backend.ts';
import type { Pointer } from './ggml.ts';
import { llamaLibrary } from './libraries.ts';
import { type Batch, checkDefaults, type ContextParameters, type ModelParameters } from './llama-structs.ts';
import { checkTensorLayout, nameOf } from './tensor.ts';

function bind<Signature extends (...parameters: never[]) => unknown>(definition: string): KoffiFunc<Signature> {
  return llamaLibrary.func(definition) as unknown as KoffiFunc<Signature>;
}

/** libllama's functions, named as in llama.h without the prefix. */
export const llama = {
  backendInit: bind<() => void>('void llama_backend_init()'),
  logSet: bind<(callback: Pointer, data: null) => void>('void llama_log_set(void* callback, void* data)'),
  modelDefaults: bind<() => ModelParameters>('llama_model_params llama_model_default_params()'),
  contextDefaults: bind<() => ContextParameters>('llama_context_params llama_context_default_params()'),
  loadModel: bind<(path: string, parameters: ModelParameters) => Pointer | null>(
    'P llama_model_load_from_file(const char* path, llama_model_params params)',
  ),
  freeModel: bind<(model: Pointer) => void>('void llama_model_free(P model)'),
  newContext: bind<(model: Pointer, parameters: ContextParameters) => Pointer | null>(
    'P llama_init_from_model(P model, llama_context_params params)',
  ),
  freeContext: bind<(context: Pointer) => void>('void llama_free(P context)'),
  memory: bind<(context: Pointer) => Pointer>('P llama_get_memory(P context)'),
  clearMemory: bind<(memory: Pointer, data: boolean) => void>('void llama_memory_clear(P memory, bool data)'),
  /** Shares cells first ≤ position < end of one sequence with another; negative bounds for all. */
  copySequence: bind<(memory: Pointer, from: number, to: number, first: number, end: number) => void>(
    'void llama_memory_seq_cp(P memory, int from, int to, int first, int end)',
  ),
  /** Takes cells from a sequence; those that no sequence has any more are free. */
  removeSequence: bind<(memory: Pointer, sequence: number, first: number, end: number) => boolean>(
    'bool llama_memory_seq_rm(P memory, int sequence, int first, int end)',
  ),
  setThreads: bind<(context: Pointer, threads: number, batchThreads: number) => void>(
    'void llama_set_n_threads(P context, int threads, int batch_threads)',
  ),
  isRecurrent: bind<(model: Pointer) => boolean>('bool llama_model_is_recurrent(P model)'),
  isHybrid: bind<(model: Pointer) => boolean>('bool llama_model_is_hybrid(P model)'),
  hasEncoder: bind<(model: Pointer) => boolean>('bool llama_model_has_encoder(P model)'),
  hasDecoder: bind<(model: Pointer) => boolean>('bool llama_model_has_decoder(P model)'),
  decode: bind<(context: Pointer, batch: Batch) => number>('int llama_decode(P context, llama_batch batch)'),
  logits: bind<(context: Pointer) => Pointer>('P llama_get_logits(P context)'),
  newBatch: bind<(tokens: number, embeddings: number, sequences: number) => Batch>(
    'llama_batch llama_batch_init(int n, int embd, int n_seq_max)',
  ),
  freeBatch: bind<(batch: Batch) => void>('void llama_batch_free(llama_batch batch)'),
  loadAdapter: bind<(model: Pointer, path: string) => Pointer | null>('P llama_adapter_lora_init(P model, const char* path)'),
  freeAdapter: bind<(adapter: Pointer) => void>('void llama_adapter_lora_free(P adapter)'),
  setAdapters: bind<(context: Pointer, adapters: Pointer[] | null, count: number, scales: number[] | null) => number>(
    'int llama_set_adapters_lora(P context, P* adapters, size_t n, float* scales)',
  ),
} as const;

const logPrototype = koffi.proto('void red_queen_log(int level, const char* text, void* data)');
let ready = false;

/** Loads backends, silences llama.cpp's log and checks the struct layouts; cheap after the first call. */
export function initialiseLlama(): void {
  if (ready) return;
  llama.logSet(
    koffi.register(() => undefined, koffi.pointer(logPrototype)),
    null,
  );
  checkTensorLayout();
  loadBackends();
  llama.backendInit();
  checkDefaults(llama.modelDefaults(), llama.contextDefaults());
  ready = true;
}

/**
 * Loads a GGUF model on the CPU: its tensors as they are in the file, so that our graphs can read them, or `repacked` as the processor's kernels like them best.
 * Throws `failed_precondition` where llama.cpp refuses it.
 */
export function loadModel(path: string, repacked = false): Pointer {
  initialiseLlama();
  const parameters = llama.modelDefaults();
  parameters.n_gpu_layers = 0;
  parameters.use_extra_bufts = repacked;
  const model = llama.loadModel(path, parameters);
  if (model === null)
    throw new RedQueenError('failed_precondition', `model: llama.cpp cannot load ${path}; check that it is a complete GGUF model file`);
  return model;
}

/** The mangled names of the tensor map's accessor and the size of its entries (std::pair<std::string, ggml_tensor*>), by C++ library. */
const tensorMaps = [
  { symbol: '_Z29llama_internal_get_tensor_mapB5cxx11PK11llama_model', entryBytes: 40n },
  { symbol: '_Z29llama_internal_get_tensor_mapPK11llama_model', entryBytes: 32n },
] as const;

/** The model's tensors by name. They belong to the model. Throws `failed_precondition` where this build of llama.cpp does not give them. */
export function tensorsOf(model: Pointer): ReadonlyMap<string, Pointer> {
  for (const { symbol, entryBytes } of tensorMaps) {
    let accessor: (model: Pointer) => Pointer;
    try {
      accessor = bind<(model: Pointer) => Pointer>(`P ${symbol}(P model)`);
    } catch {
      continue; // The other C++ library's build.
    }
    const list = accessor(model);
    const start = BigInt(koffi.decode.uint64(list));
    const end = BigInt(koffi.decode.uint64(list + 8n));
    const result = new Map<string, Pointer>();
    for (let entry = start; entry < end; entry += entryBytes) {
      const tensor = BigInt(koffi.decode.uint64(entry + entryBytes - 8n));
      result.set(nameOf(tensor), tensor);
    }
    if (result.has('token_embd.weight')) return result;
  }
  throw new RedQueenError(
    'failed_precondition',
    'llama.cpp: this build does not give access to the model tensors; install the node-llama-cpp version of package.json',
  );
}
