// GELU's gate alone, against the function itself in double precision, also where e^x leaves the range of numbers.
import { expect, it } from 'vitest';
import { Lane } from '../engine/lane.ts';
import { graphs, type Pointer, TensorType, tensors } from '../ffi/ggml.ts';
import { download, newContext, upload } from '../ffi/tensor.ts';
import { randomNumbers } from '../testing/tiny-model.ts';
import { Tape } from './tape.ts';

const gelu = (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
const slope = (x: number): number => (gelu(x + 1e-5) - gelu(x - 1e-5)) / 2e-5;

/** geglu(gate, up) and its gradients for the given dLoss/dOutput. */
async function computed(gate: Float32Array, up: Float32Array, seed: Float32Array): Promise<readonly Float32Array[]> {
  const context = newContext(64, 3 * Number(tensors.graphOverhead(64, false)));
  const inputs = [gate, up, seed].map(({ length }) => tensors.new1d(context, TensorType.f32, length));
  for (const input of inputs) tensors.setInput(input);
  const tape = new Tape(context);
  const [a, b] = inputs.slice(0, 2).map((input) => tape.leaf(input, true)) as [ReturnType<Tape['leaf']>, ReturnType<Tape['leaf']>];
  const y = tape.geglu(a, b);
  tape.backward(y, inputs[2] as Pointer);
  const outputs = [y.tensor, a.gradient as Pointer, b.gradient as Pointer];
  const graph = graphs.create(context, 64, false);
  for (const output of outputs) {
    tensors.setOutput(output);
    graphs.expand(graph, output);
  }
  const lane = new Lane();
  lane.scratch.place(graph);
  for (const [index, values] of [gate, up, seed].entries()) upload(inputs[index] as Pointer, values);
  await lane.compute(graph);
  const results = outputs.map((output) => download(output, new Float32Array(gate.length)));
  tensors.free(context);
  return results;
}

it('the gradient of a GELU gate is that of the function, for any size of its input', async () => {
  const gate = Float32Array.from([...randomNumbers(200, 5, 1), 0, 1e-6, -9.9, 30, -30, 1e4, -1e4, 1e9, -1e9]);
  const [up, seed] = [randomNumbers(gate.length, 2, 2), randomNumbers(gate.length, 2, 3)];
  const [y, toGate, toUp] = await computed(gate, up, seed);
  for (const [index, x] of gate.entries()) {
    const [u, g] = [up[index] as number, seed[index] as number];
    const large = Math.max(1, Math.abs(x));
    expect(Math.abs((y?.[index] as number) - gelu(x) * u)).toBeLessThan(2e-3 * large);
    expect(Math.abs((toGate?.[index] as number) - slope(x) * u * g), `${x}`).toBeLessThan(Math.abs(x) > 1e6 ? 1e-2 : 1e-5);
    expect(Math.abs((toUp?.[index] as number) - gelu(x) * g)).toBeLessThan(2e-3 * large);
  }
});
