import type { ParameterLayout } from '../model/parameter-layout.ts';
import { sampleStream } from './sample-stream.ts';

/**
 * Adds `scale` times standard normal noise to every element of the B matrices, in place. The noise depends on the seed and the member alone, so that
 * it need not be kept: adding it again with another scale is the same direction. Normal numbers by Box and Muller (1958).
 */
export function addNoise(values: Float32Array, layout: ParameterLayout, seed: number, member: number, scale: number): Float32Array {
  const uniform = sampleStream(seed, member);
  for (const { name, offset, length } of layout.slots) {
    if (!name.endsWith('.lora_b')) continue;
    for (let index = offset; index < offset + length; index += 2) {
      const radius = scale * Math.sqrt(-2 * Math.log(1 - uniform()));
      const angle = 2 * Math.PI * uniform();
      values[index] = (values[index] as number) + radius * Math.cos(angle);
      if (index + 1 < offset + length) values[index + 1] = (values[index + 1] as number) + radius * Math.sin(angle);
    }
  }
  return values;
}
