// The part of ggml's C interface that we use. Names are ggml's own without the prefix, so that ggml.h documents them.
import koffi, { type KoffiFunc } from 'koffi';
import { ggmlBase, ggmlRegistry } from './libraries.ts';

/** An address in native memory: a tensor, a context, a graph, a backend. */
export type Pointer = bigint;

/** ggml's numbers of the tensor types that appear in code. */
export const TensorType = { f32: 0, f16: 1, q8_0: 8, i32: 26, bf16: 30 } as const;

koffi.pointer('P', koffi.opaque());
koffi.struct('ggml_init_params', { mem_size: 'size_t', mem_buffer: 'void*', no_alloc: 'bool' });

type Unary = (context: Pointer, a: Pointer) => Pointer;
type Binary = (context: Pointer, a: Pointer, b: Pointer) => Pointer;
type Rope = (
  context: Pointer,
  a: Pointer,
  positions: Pointer,
  frequencyFactors: Pointer | null,
  dimensions: number,
  mode: number,
  originalContext: number,
  frequencyBase: number,
  frequencyScale: number,
  extrapolation: number,
  attention: number,
  betaFast: number,
  betaSlow: number,
) => Pointer;

function base<Signature extends (...parameters: never[]) => unknown>(definition: string): KoffiFunc<Signature> {
  return ggmlBase.func(definition) as unknown as KoffiFunc<Signature>;
}

function registry<Signature extends (...parameters: never[]) => unknown>(definition: string): KoffiFunc<Signature> {
  return ggmlRegistry.func(definition) as unknown as KoffiFunc<Signature>;
}

const ropeParameters =
  'P c, P a, P pos, P ff, int n_dims, int mode, int n_ctx_orig, float base, float scale, float ext, float attn, float fast, float slow';

/** Contexts, tensors and their shapes. */
export const tensors = {
  init: base<(parameters: { mem_size: number; mem_buffer: null; no_alloc: boolean }) => Pointer | null>('P ggml_init(ggml_init_params p)'),
  free: base<(context: Pointer) => void>('void ggml_free(P c)'),
  overhead: base<() => number | bigint>('size_t ggml_tensor_overhead()'),
  graphOverhead: base<(size: number, gradients: boolean) => number | bigint>('size_t ggml_graph_overhead_custom(size_t size, bool grads)'),
  new1d: base<(context: Pointer, type: number, n0: number) => Pointer>('P ggml_new_tensor_1d(P c, int type, int64_t a)'),
  new2d: base<(context: Pointer, type: number, n0: number, n1: number) => Pointer>(
    'P ggml_new_tensor_2d(P c, int type, int64_t a, int64_t b)',
  ),
  new4d: base<(context: Pointer, type: number, n0: number, n1: number, n2: number, n3: number) => Pointer>(
    'P ggml_new_tensor_4d(P c, int type, int64_t a, int64_t b, int64_t d, int64_t e)',
  ),
  view1d: base<(context: Pointer, a: Pointer, n0: number, offset: number) => Pointer>('P ggml_view_1d(P c, P a, int64_t n0, size_t off)'),
  view2d: base<(context: Pointer, a: Pointer, n0: number, n1: number, stride1: number, offset: number) => Pointer>(
    'P ggml_view_2d(P c, P a, int64_t n0, int64_t n1, size_t b1, size_t off)',
  ),
  view4d: base<
    (
      context: Pointer,
      a: Pointer,
      n0: number,
      n1: number,
      n2: number,
      n3: number,
      stride1: number,
      stride2: number,
      stride3: number,
      offset: number,
    ) => Pointer
  >('P ggml_view_4d(P c, P a, int64_t n0, int64_t n1, int64_t n2, int64_t n3, size_t b1, size_t b2, size_t b3, size_t off)'),
  setName: base<(tensor: Pointer, name: string) => Pointer>('P ggml_set_name(P t, const char* n)'),
  setInput: base<(tensor: Pointer) => void>('void ggml_set_input(P t)'),
  setOutput: base<(tensor: Pointer) => void>('void ggml_set_output(P t)'),
  bytes: base<(tensor: Pointer) => number | bigint>('size_t ggml_nbytes(P t)'),
  /** Where a placed tensor's data lies. */
  data: base<(tensor: Pointer) => Pointer>('P ggml_get_data(P t)'),
  isContiguous: base<(tensor: Pointer) => boolean>('bool ggml_is_contiguous(P t)'),
} as const;

/** The operations that forward and backward graphs are made of. */
export const ops = {
  getRows: base<Binary>('P ggml_get_rows(P c, P a, P b)'),
  getRowsBack: base<(context: Pointer, gradient: Pointer, rows: Pointer, like: Pointer) => Pointer>(
    'P ggml_get_rows_back(P c, P a, P b, P d)',
  ),
  rmsNorm: base<(context: Pointer, a: Pointer, epsilon: number) => Pointer>('P ggml_rms_norm(P c, P a, float eps)'),
  rmsNormBack: base<(context: Pointer, gradient: Pointer, a: Pointer, epsilon: number) => Pointer>(
    'P ggml_rms_norm_back(P c, P g, P a, float eps)',
  ),
  multiply: base<Binary>('P ggml_mul(P c, P a, P b)'),
  add: base<Binary>('P ggml_add(P c, P a, P b)'),
  matrixMultiply: base<Binary>('P ggml_mul_mat(P c, P a, P b)'),
  scale: base<(context: Pointer, a: Pointer, factor: number) => Pointer>('P ggml_scale(P c, P a, float s)'),
  /** factor · a + offset. */
  scaleAndShift: base<(context: Pointer, a: Pointer, factor: number, offset: number) => Pointer>(
    'P ggml_scale_bias(P c, P a, float s, float b)',
  ),
  softmax: base<(context: Pointer, a: Pointer, mask: Pointer | null, scale: number, maxBias: number) => Pointer>(
    'P ggml_soft_max_ext(P c, P a, P mask, float scale, float max_bias)',
  ),
  softmaxBack: base<(context: Pointer, gradient: Pointer, y: Pointer, scale: number, maxBias: number) => Pointer>(
    'P ggml_soft_max_ext_back(P c, P g, P y, float scale, float max_bias)',
  ),
  sumRows: base<Unary>('P ggml_sum_rows(P c, P a)'),
  silu: base<Unary>('P ggml_silu(P c, P a)'),
  siluBack: base<Binary>('P ggml_silu_back(P c, P g, P a)'),
  swiglu: base<Binary>('P ggml_swiglu_split(P c, P a, P b)'),
  gelu: base<Unary>('P ggml_gelu(P c, P a)'),
  geglu: base<Binary>('P ggml_geglu_split(P c, P a, P b)'),
  sigmoid: base<Unary>('P ggml_sigmoid(P c, P a)'),
  square: base<Unary>('P ggml_sqr(P c, P a)'),
  rope: base<Rope>(`P ggml_rope_ext(${ropeParameters})`),
  ropeBack: base<Rope>(`P ggml_rope_ext_back(${ropeParameters})`),
  repeatBack: base<Binary>('P ggml_repeat_back(P c, P a, P b)'),
  reshape4d: base<(context: Pointer, a: Pointer, n0: number, n1: number, n2: number, n3: number) => Pointer>(
    'P ggml_reshape_4d(P c, P a, int64_t x, int64_t y, int64_t z, int64_t w)',
  ),
  permute: base<(context: Pointer, a: Pointer, axis0: number, axis1: number, axis2: number, axis3: number) => Pointer>(
    'P ggml_permute(P c, P a, int x, int y, int z, int w)',
  ),
  transpose: base<Unary>('P ggml_transpose(P c, P a)'),
  contiguous: base<Unary>('P ggml_cont(P c, P a)'),
  copy: base<Binary>('P ggml_cpy(P c, P a, P b)'),
} as const;

/** Graphs and their memory. */
export const graphs = {
  create: base<(context: Pointer, size: number, gradients: boolean) => Pointer>('P ggml_new_graph_custom(P c, size_t size, bool grads)'),
  expand: base<(graph: Pointer, tensor: Pointer) => void>('void ggml_build_forward_expand(P g, P t)'),
  nodeCount: base<(graph: Pointer) => number>('int ggml_graph_n_nodes(P g)'),
  node: base<(graph: Pointer, index: number) => Pointer>('P ggml_graph_node(P g, int i)'),
  addNode: base<(graph: Pointer, tensor: Pointer) => void>('void ggml_graph_add_node(P g, P t)'),
  newAllocator: base<(bufferType: Pointer) => Pointer>('P ggml_gallocr_new(P buft)'),
  reserve: base<(allocator: Pointer, graph: Pointer) => boolean>('bool ggml_gallocr_reserve(P a, P g)'),
  allocate: base<(allocator: Pointer, graph: Pointer) => boolean>('bool ggml_gallocr_alloc_graph(P a, P g)'),
  /** Fills `sizes` with what `reserve` would allocate. */
  neededBytes: base<(allocator: Pointer, graph: Pointer, nodes: null, leafs: null, sizes: BigUint64Array) => void>(
    'void ggml_gallocr_reserve_n_size(P a, P g, const int* n, const int* l, size_t* sizes)',
  ),
  allocatedBytes: base<(allocator: Pointer, buffer: number) => number | bigint>('size_t ggml_gallocr_get_buffer_size(P a, int i)'),
  freeAllocator: base<(allocator: Pointer) => void>('void ggml_gallocr_free(P a)'),
} as const;

/** Backends, their buffers, and moving data in and out of tensors. */
export const backends = {
  loadAll: registry<(folder: string) => void>('void ggml_backend_load_all_from_path(const char* p)'),
  count: registry<() => number | bigint>('size_t ggml_backend_reg_count()'),
  deviceByType: registry<(type: number) => Pointer | null>('P ggml_backend_dev_by_type(int t)'),
  deviceName: base<(device: Pointer) => string>('const char* ggml_backend_dev_name(P d)'),
  deviceDescription: base<(device: Pointer) => string>('const char* ggml_backend_dev_description(P d)'),
  init: base<(device: Pointer, parameters: null) => Pointer | null>('P ggml_backend_dev_init(P d, const char* p)'),
  free: base<(backend: Pointer) => void>('void ggml_backend_free(P b)'),
  registryOf: base<(device: Pointer) => Pointer>('P ggml_backend_dev_backend_reg(P d)'),
  procedure: base<(registry: Pointer, name: string) => Pointer | null>('P ggml_backend_reg_get_proc_address(P reg, const char* name)'),
  bufferType: base<(backend: Pointer) => Pointer>('P ggml_backend_get_default_buffer_type(P b)'),
  allocateContext: base<(context: Pointer, backend: Pointer) => Pointer | null>('P ggml_backend_alloc_ctx_tensors(P c, P b)'),
  /** A buffer over memory that someone else owns; an address that is no multiple of 32 ends the process. */
  wrap: base<(address: Pointer, bytes: number) => Pointer | null>('P ggml_backend_cpu_buffer_from_ptr(P address, size_t bytes)'),
  placeAt: base<(buffer: Pointer, tensor: Pointer, address: Pointer) => number>('int ggml_backend_tensor_alloc(P b, P t, P address)'),
  freeBuffer: base<(buffer: Pointer) => void>('void ggml_backend_buffer_free(P b)'),
  clearBuffer: base<(buffer: Pointer, value: number) => void>('void ggml_backend_buffer_clear(P b, uint8_t v)'),
  set: base<(tensor: Pointer, data: ArrayBufferView, offset: number, bytes: number) => void>(
    'void ggml_backend_tensor_set(P t, const void* data, size_t off, size_t n)',
  ),
  get: base<(tensor: Pointer, data: ArrayBufferView, offset: number, bytes: number) => void>(
    'void ggml_backend_tensor_get(P t, void* data, size_t off, size_t n)',
  ),
  compute: base<(backend: Pointer, graph: Pointer) => number>('int ggml_backend_graph_compute(P b, P g)'),
  supports: base<(backend: Pointer, tensor: Pointer) => boolean>('bool ggml_backend_supports_op(P b, P t)'),
} as const;
