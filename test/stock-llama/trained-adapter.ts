import { sha256, startDevice, type LossSettings, type UpdateSettings } from '@redqueen/llama';

const agent = 'stock:executor/0';
const loss: LossSettings = { kind: 'likelihood', klToBase: 0, klEstimator: 'k3', entropyBonus: 0 };
const update: UpdateSettings = { learningRate: 0.02, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, maxGradientNorm: 1 };

/** An adapter as the device exports it, and what the device says with it and without. */
export interface TrainedAdapter {
  readonly adapter: Uint8Array;
  readonly answers: readonly {
    readonly text: string;
    readonly promptTokens: readonly number[];
    /** Greedy tokens with the adapter, and of the base model. */
    readonly trained: readonly number[];
    readonly base: readonly number[];
    readonly trainedText: string;
  }[];
}

/** Trains an adapter to answer the prompts with what is wanted, and lets it answer greedily, `count` tokens each. */
export async function trainedAdapter(options: {
  readonly modelPath: string;
  readonly wanted: Readonly<Record<string, string>>;
  readonly updates: number;
  readonly count: number;
}): Promise<TrainedAdapter> {
  const { modelPath, wanted, updates, count } = options;
  const device = await startDevice({ modelPath, threads: 1 });
  try {
    await device.createAgent(agent, { rank: 8, alpha: 16, seed: 5 });
    const scored = await device.score({
      agent,
      version: 0,
      prompts: Object.entries(wanted).map(([text, continuation]) => ({ text, continuations: [continuation] })),
    });
    const groups = scored.map(({ promptTokens, samples }) => ({
      promptTokens,
      samples: samples.map(({ tokens, logProbs }) => ({ tokens, oldLogProbs: logProbs, advantages: logProbs.map(() => 1) })),
    }));
    for (let made = 0; made < updates; made++) await device.train({ agent, groups, normaliser: 10, loss, update });
    const { adapter } = await device.exportAgent(agent);
    await device.loadVersion(agent, 1, adapter, sha256(adapter));
    const prompts = Object.keys(wanted).map((text) => ({ text, samples: 1, seed: 1 }));
    const ask = { agent, prompts, maxTokens: count, temperature: 0, stop: '' };
    const [trained, base] = [await device.generate({ ...ask, version: 1 }), await device.generate({ ...ask, version: 0 })];
    return {
      adapter,
      answers: trained.map((group, index) => ({
        text: prompts[index]?.text ?? '',
        promptTokens: [...group.promptTokens],
        trained: [...(group.samples[0]?.tokens ?? [])],
        base: [...(base[index]?.samples[0]?.tokens ?? [])],
        trainedText: group.samples[0]?.text ?? '',
      })),
    };
  } finally {
    await device.close();
  }
}
