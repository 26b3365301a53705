import type { PolicyOptimizer } from './optimizer.ts';
import { adamW, trainGroups } from './train-groups.ts';

/**
 * Group relative policy optimization:
 * loss = −1/N Σ_tokens min(ρ·A, clip(ρ, 1 − clipLow, 1 + clipHigh)·A) + klToBase · k3(π ‖ base) − entropyBonus · H,
 * ρ = π(token)/π_old(token), N the batch's normaliser (all tokens of groups with a signal), A the advantage that the credit gave each token.
 * Source: Z. Shao et al., DeepSeekMath (arXiv 2402.03300), section 4.1; token mean and the higher upper clip: Q. Yu et al., DAPO (arXiv 2503.14476).
 */
export const grpo: PolicyOptimizer = {
  name: 'grpo',
  request(batch, settings, learningRate) {
    const { clipLow, clipHigh, klToBase, entropyBonus } = settings;
    return {
      groups: trainGroups(batch),
      normaliser: batch.normaliser,
      loss: { kind: 'clipped', clipLow, clipHigh, klToBase, entropyBonus },
      update: adamW(settings, learningRate),
    };
  },
};
