import { definePlugin } from '@redqueen/core';
import { z } from 'zod';

/** Episodes settled, by arm. Plain JSON, as every curriculum's memory is. */
type Memory = readonly number[];

/** An arm's chance is in proportion to 1 / √(n + 1), n being its episodes so far: the bonus of count-based exploration. */
export const leastVisited = definePlugin({
  kind: 'curriculum',
  name: 'least-visited',
  source: 'Strehl & Littman 2008 (MBIE-EB), the exploration bonus β / √n; our form: as a weight, with n + 1',
  about: 'Opens slots where the fewest episodes were settled.',
  options: z.strictObject({
    /** How much counts matter: 0 for a uniform choice, ½ as published, more for less visited arms. */
    power: z.number().min(0).max(4).default(0.5),
  }),
  create: ({ power }, { arms }) => ({
    initial: (): Memory => arms.map(() => 0),
    settled: (memory, arm) => (memory as Memory).map((count, index) => (index === arm ? count + 1 : count)),
    released: (memory) => memory,
    probabilities(memory) {
      const weights = (memory as Memory).map((count) => (count + 1) ** -power);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return weights.map((weight) => weight / total);
    },
    progress: () => arms.map(() => 0),
    turned: () => undefined,
  }),
});
