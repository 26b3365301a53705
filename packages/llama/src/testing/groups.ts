// Batches for tests of losses and gradients.
import type { Agent } from '../engine/agent.ts';
import type { Engine } from '../engine/engine.ts';
import type { TrainGroup } from '../worker/protocol.ts';
import { randomNumbers, randomTokens } from './tiny-model.ts';

/** Groups whose samples share prefixes, as samples of short answers do, sampled by a policy near the agent's. */
export async function groupsNear(engine: Engine, agent: Agent): Promise<readonly TrainGroup[]> {
  const items = [5, 9, 3].map((prompt, index) => ({
    prompt: randomTokens(prompt, index),
    continuations: [2, 4, 4, 1].map((count, which) => {
      const tokens = randomTokens(count, index);
      if (which === 2) tokens[count - 1] = 77;
      return tokens;
    }),
  }));
  const scores = await engine.score(agent.name, agent.current(), items);
  return items.map(({ prompt, continuations }, index) => ({
    promptTokens: prompt,
    samples: continuations.map((tokens, which) => ({
      tokens,
      oldLogProbs: randomNumbers(tokens.length, 0.3, which).map(
        (shift, position) => shift + (scores[index]?.[which]?.[position] as number),
      ),
      advantages: randomNumbers(tokens.length, 1, 40 + which + index),
    })),
  }));
}
