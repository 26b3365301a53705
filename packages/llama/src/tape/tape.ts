// Reverse-mode differentiation over ggml ops. The backward pass uses MUL_MAT on pre-transposed frozen weights instead of OUT_PROD, so that it
// runs wherever the forward pass runs, with any weight type; ggml's own autograd does not (and is slower).
import { ops, type Pointer, tensors } from '../ffi/ggml.ts';
import { type Shape, shapeOf } from '../ffi/tensor.ts';

/** A tensor of the graph under construction, with its gradient once `backward` has run. */
export interface Variable {
  readonly tensor: Pointer;
  /** Whether the loss depends on it through something trainable. */
  readonly differentiable: boolean;
  gradient: Pointer | null;
}

/** A frozen matrix [inputs, outputs]. Its transposed copy [outputs, inputs] is only read where a gradient goes through it. */
export interface FrozenMatrix {
  readonly tensor: Pointer;
  readonly transposed: Pointer;
}

/** Constants of rotary position embedding. */
export interface RopeSettings {
  readonly dimensions: number;
  /** ggml's mode: 0 pairs neighbours (llama), 2 pairs halves (NeoX). */
  readonly mode: number;
  /** Longest sequence that the unscaled embedding was trained on. */
  readonly context: number;
  readonly base: number;
  /** What positions are multiplied by. */
  readonly scale: number;
  /** YaRN's mix of interpolation and extrapolation; 0 for plain scaling. */
  readonly extrapolation: number;
  /** Factor on rotated values. */
  readonly attention: number;
  /** One divisor a frequency, F32 [dimensions / 2]; null for none. */
  readonly factors: Pointer | null;
}

/** YaRN's β_fast and β_slow (Peng et al. 2023), which all published models leave as they are. */
const [betaFast, betaSlow] = [32, 1];

/** k and a of GELU's tanh form. */
const [geluSlant, geluCubic] = [Math.sqrt(2 / Math.PI), 0.044715];

interface Step {
  readonly output: Variable;
  readonly backward: (gradient: Pointer) => void;
}

/** Axes of a permutation, as ggml_permute takes them: axis i of the input becomes axis axes[i] of the output. */
export type Axes = readonly [number, number, number, number];

/** Records operations and emits their gradients into the same ggml context. */
export class Tape {
  readonly #context: Pointer;
  readonly #steps: Step[] = [];
  readonly #transposed = new Map<Pointer, Pointer>();

  readonly #recording: boolean;

  /** Without `recording` it only computes: nothing that it made gets a gradient from its own `backward`. */
  constructor(context: Pointer, recording = true) {
    this.#context = context;
    this.#recording = recording;
  }

  /** A leaf: an input, a frozen weight, or (differentiable) a trained one. */
  leaf(tensor: Pointer, differentiable = false): Variable {
    return { tensor, differentiable, gradient: null };
  }

  /** Emits the gradients of everything recorded, starting from dLoss/dOutput. */
  backward(output: Variable, gradient: Pointer): void {
    output.gradient = gradient;
    for (const step of this.#steps.toReversed()) if (step.output.gradient !== null) step.backward(step.output.gradient);
  }

  /**
   * y = part(x), of which only x is kept for the backward pass: that computes the part again (Chen et al. 2016, "Training deep nets with sublinear
   * memory cost"). `part` is called once a pass with the tape to use; trainable leaves that it makes in its second call get the gradients.
   */
  checkpoint(x: Variable, part: (tape: Tape, x: Variable) => Variable): Variable {
    const forward = part(new Tape(this.#context, false), this.leaf(x.tensor, x.differentiable));
    return this.#record(forward.tensor, [forward], (g) => {
      const again = new Tape(this.#context);
      const input = again.leaf(x.tensor, x.differentiable);
      again.backward(part(again, input), g);
      const share = input.gradient;
      if (share !== null) this.#add(x, () => share);
    });
  }

  /** y = W x with a frozen W. x: [inputs, n], y: [outputs, n]. */
  frozenLinear(weight: FrozenMatrix, x: Variable): Variable {
    const c = this.#context;
    return this.#record(ops.matrixMultiply(c, weight.tensor, x.tensor), [x], (g) =>
      this.#add(x, () => ops.matrixMultiply(c, weight.transposed, g)),
    );
  }

  /**
   * y = (W + B A) x where `merged` holds W + B A, with gradients for x, A [inputs, rank] and B [rank, outputs] as y = W x + B A x has them:
   * dx = (W + B A)ᵀ g, dA = (Bᵀ g) xᵀ, dB = g (A x)ᵀ. Products of the low rank, which matrix kernels are slow at, appear only where a gradient needs them.
   */
  mergedLinear(merged: FrozenMatrix, a: Variable, b: Variable, x: Variable): Variable {
    const c = this.#context;
    return this.#record(ops.matrixMultiply(c, merged.tensor, x.tensor), [a, b, x], (g) => {
      const reduced = ops.matrixMultiply(c, a.tensor, x.tensor);
      const back = ops.matrixMultiply(c, this.#transpose(b.tensor), g);
      this.#add(x, () => ops.matrixMultiply(c, merged.transposed, g));
      this.#add(a, () => ops.matrixMultiply(c, this.#transpose(x.tensor), this.#transpose(back)));
      this.#add(b, () => ops.matrixMultiply(c, this.#transpose(reduced), this.#transpose(g)));
    });
  }

  /** ggml's matrix product: a [k, m, …], b [k, n, …] give [m, n, …] = aᵀ b; dA = b gᵀ and dB = a g in matrix terms. */
  matrixMultiply(a: Variable, b: Variable): Variable {
    const c = this.#context;
    return this.#record(ops.matrixMultiply(c, a.tensor, b.tensor), [a, b], (g) => {
      this.#add(a, () => ops.matrixMultiply(c, this.#transpose(b.tensor), this.#transpose(g)));
      this.#add(b, () => ops.matrixMultiply(c, this.#transpose(a.tensor), g));
    });
  }

  add(a: Variable, b: Variable): Variable {
    return this.#record(ops.add(this.#context, a.tensor, b.tensor), [a, b], (g) => {
      this.#add(a, () => g);
      this.#add(b, () => g);
    });
  }

  /** a + bias with a frozen bias vector repeated over the columns. */
  addFrozen(a: Variable, bias: Pointer): Variable {
    return this.#record(ops.add(this.#context, a.tensor, bias), [a], (g) => this.#add(a, () => g));
  }

  /** a ∘ w with the vector w repeated over the columns of a. */
  multiply(a: Variable, w: Variable): Variable {
    const c = this.#context;
    return this.#record(ops.multiply(c, a.tensor, w.tensor), [a, w], (g) => {
      this.#add(a, () => ops.multiply(c, g, w.tensor));
      this.#add(w, () => ops.repeatBack(c, ops.multiply(c, a.tensor, g), w.tensor));
    });
  }

  scale(a: Variable, factor: number): Variable {
    const c = this.#context;
    return this.#record(ops.scale(c, a.tensor, factor), [a], (g) => this.#add(a, () => ops.scale(c, g, factor)));
  }

  rmsNorm(a: Variable, epsilon: number): Variable {
    const c = this.#context;
    return this.#record(ops.rmsNorm(c, a.tensor, epsilon), [a], (g) => this.#add(a, () => ops.rmsNormBack(c, g, a.tensor, epsilon)));
  }

  /** Rotary position embedding of a [headSize, heads, n] with one position a column. */
  rope(a: Variable, positions: Pointer, settings: RopeSettings): Variable {
    const c = this.#context;
    const { dimensions, mode, context, base, scale, extrapolation, attention, factors } = settings;
    const tail = [factors, dimensions, mode, context, base, scale, extrapolation, attention, betaFast, betaSlow] as const;
    return this.#record(ops.rope(c, a.tensor, positions, ...tail), [a], (g) => this.#add(a, () => ops.ropeBack(c, g, positions, ...tail)));
  }

  /**
   * softmax(scale · a + mask) over the first dimension of a [n, m · repeat, heads, groups]; the mask [n, m, 1, groups] is repeated over the rest.
   */
  softmax(a: Variable, mask: Pointer, scale: number): Variable {
    const c = this.#context;
    const shape = shapeOf(a.tensor);
    const [n, rows, heads, groups] = shape;
    const maskRows = shapeOf(mask)[1];
    const apart = ops.reshape4d(c, a.tensor, n, maskRows, (rows * heads) / maskRows, groups);
    const y = ops.reshape4d(c, ops.softmax(c, apart, mask, scale, 0), ...shape);
    // ggml computes this in place of the first input that it may overwrite, and wrongly in place of y: g must be no view, so that it is g.
    return this.#record(y, [a], (g) => this.#add(a, () => ops.softmaxBack(c, g, y, scale, 0)));
  }

  /** silu(gate) ∘ up. */
  swiglu(gate: Variable, up: Variable): Variable {
    const c = this.#context;
    return this.#record(ops.swiglu(c, gate.tensor, up.tensor), [gate, up], (g) => {
      this.#add(gate, () => ops.siluBack(c, ops.multiply(c, g, up.tensor), gate.tensor));
      this.#add(up, () => ops.multiply(c, ops.silu(c, gate.tensor), g));
    });
  }

  /**
   * gelu(gate) ∘ up with GELU's tanh form (Hendrycks and Gimpel 2016), as ggml computes it: on a processor it reads gelu from a table of half precision.
   * The gradient is that of the function itself.
   */
  geglu(gate: Variable, up: Variable): Variable {
    const c = this.#context;
    return this.#record(ops.geglu(c, gate.tensor, up.tensor), [gate, up], (g) => {
      this.#add(gate, () => ops.multiply(c, ops.multiply(c, g, up.tensor), this.#geluSlope(gate.tensor)));
      this.#add(up, () => ops.multiply(c, ops.gelu(c, gate.tensor), g));
    });
  }

  /** gelu′(x) from gelu(x) = x σ(u), u = 2k (x + a x³): σ(u) (1 + (1 − σ(u)) x u′). Nothing in it overflows where x does not. */
  #geluSlope(x: Pointer): Pointer {
    const c = this.#context;
    const square = ops.square(c, x);
    const gate = ops.sigmoid(c, ops.multiply(c, x, ops.scaleAndShift(c, square, 2 * geluSlant * geluCubic, 2 * geluSlant)));
    const argument = ops.multiply(c, x, ops.scaleAndShift(c, square, 6 * geluSlant * geluCubic, 2 * geluSlant));
    const rest = ops.multiply(c, ops.scaleAndShift(c, gate, -1, 1), argument);
    return ops.multiply(c, gate, ops.scaleAndShift(c, rest, 1, 1));
  }

  reshape(a: Variable, shape: Shape): Variable {
    const c = this.#context;
    const before = shapeOf(a.tensor);
    return this.#record(ops.reshape4d(c, a.tensor, ...shape), [a], (g) => {
      this.#add(a, () => ops.reshape4d(c, tensors.isContiguous(g) ? g : ops.contiguous(c, g), ...before));
    });
  }

  /** A permuted, contiguous copy. */
  permute(a: Variable, axes: Axes): Variable {
    const c = this.#context;
    const inverse: [number, number, number, number] = [0, 0, 0, 0];
    for (const [from, to] of axes.entries()) inverse[to] = from;
    const permuted = ops.contiguous(c, ops.permute(c, a.tensor, ...axes));
    return this.#record(permuted, [a], (g) => this.#add(a, () => ops.contiguous(c, ops.permute(c, g, ...inverse))));
  }

  /** The columns of a [width, n] at the given indices (I32). */
  rows(a: Variable, indices: Pointer): Variable {
    const c = this.#context;
    return this.#record(ops.getRows(c, a.tensor, indices), [a], (g) => this.#add(a, () => ops.getRowsBack(c, g, indices, a.tensor)));
  }

  #record(tensor: Pointer, inputs: readonly Variable[], backward: (gradient: Pointer) => void): Variable {
    const output = this.leaf(
      tensor,
      inputs.some((input) => input.differentiable),
    );
    if (output.differentiable && this.#recording) this.#steps.push({ output, backward });
    return output;
  }

  #add(input: Variable, gradient: () => Pointer): void {
    if (!input.differentiable) return;
    const share = gradient();
    input.gradient = input.gradient === null ? share : ops.add(this.#context, input.gradient, share);
  }

  /** A contiguous transposed copy; made once for each tensor, since queries, keys and values share their input. */
  #transpose(tensor: Pointer): Pointer {
    const known = this.#transposed.get(tensor);
    if (known !== undefined) return known;
    const made = ops.contiguous(this.#context, ops.transpose(this.#context, tensor));
    this.#transposed.set(tensor, made);
    return made;
  }
}
