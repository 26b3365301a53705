import { backends, type Pointer, TensorType, tensors } from '../ffi/ggml.ts';
import { download, newContext, upload } from '../ffi/tensor.ts';
import type { ParameterLayout } from './parameter-layout.ts';

/** A trained tensor in native memory and the place that its gradient is written to. */
export interface ParameterViews {
  readonly weight: Pointer;
  readonly gradient: Pointer;
}

/** The parameters of a layout in native memory: one block of weights and one of gradients, with a view for each slot. */
export class ParameterBlock {
  readonly layout: ParameterLayout;
  readonly #views = new Map<string, ParameterViews>();
  readonly #weights: Pointer;
  readonly #gradients: Pointer;

  constructor(layout: ParameterLayout, backend: Pointer) {
    this.layout = layout;
    const context = newContext(2 * layout.slots.length + 2);
    this.#weights = tensors.new1d(context, TensorType.f32, layout.length);
    this.#gradients = tensors.new1d(context, TensorType.f32, layout.length);
    const view = (block: Pointer, shape: readonly number[], offset: number): Pointer => {
      const [n0 = 1, n1] = shape;
      return n1 === undefined ? tensors.view1d(context, block, n0, offset * 4) : tensors.view2d(context, block, n0, n1, n0 * 4, offset * 4);
    };
    for (const { name, shape, offset } of layout.slots) {
      this.#views.set(name, { weight: view(this.#weights, shape, offset), gradient: view(this.#gradients, shape, offset) });
    }
    backends.allocateContext(context, backend);
  }

  /** The views of a slot; undefined where the layout has none of that name. */
  get(name: string): ParameterViews | undefined {
    return this.#views.get(name);
  }

  setWeights(weights: Float32Array): void {
    upload(this.#weights, weights);
  }

  /** The gradients that the last backward pass wrote. */
  readGradients(): Float32Array {
    return download(this.#gradients, new Float32Array(this.layout.length));
  }
}
