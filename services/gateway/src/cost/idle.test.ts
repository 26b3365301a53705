import fc from 'fast-check';
import { expect, it } from 'vitest';
import { idleRatios, withIdle } from './idle.ts';

const device = { model: '', modelHash: '', architecture: '', backend: '', threads: 2, sampledTokens: 0, trainedTokens: 0 };

it('idle lane time is shared by whoever could have used it: two lanes for 10 s, 12 s sampled and scored, 4 s trained', () => {
  const section = { ...device, busySeconds: 16, secondsByWork: { sample: 10, score: 2, train: 4 } };
  expect(idleRatios(section, 10)).toEqual({ device: 4 / 20, sampler: 4 / 16, trainer: 4 / 8 });
});

it('is a share whatever was counted, and absent where nothing was', () => {
  const seconds = fc.double({ min: 0, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(seconds, seconds, seconds, (sample, train, all) => {
      const ratios = idleRatios({ ...device, busySeconds: sample + train, secondsByWork: { sample, train } }, all);
      for (const ratio of Object.values(ratios)) expect(ratio >= 0 && ratio <= 1).toBe(true);
      expect(ratios.device).toBeLessThanOrEqual(Math.min(ratios.sampler, ratios.trainer) + 1e-12);
    }),
  );
  expect(withIdle({ ...device, busySeconds: 0, secondsByWork: {} }, 10)).not.toHaveProperty('idle');
});
