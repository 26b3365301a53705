import { addToken, emptySums, type LossSums } from '../losses/loss-sums.ts';
import { type PolicyLoss, wholeSampleLosses } from '../losses/policy-gradient.ts';
import { termLoss } from '../losses/term-loss.ts';
import type { TokenTerm } from '../losses/token-term.ts';
import type { EvolutionSettings } from '../worker/protocol.ts';
import { type AdapterWeights, baseWeights, foldedWeights } from './adapter-weights.ts';
import type { Agent } from './agent.ts';
import type { Engine } from './engine.ts';
import { type AdapterGradient, answersOf, effectiveGroups, groupTerms, needsBase, type UpdateRequest } from './gradient.ts';
import { addNoise } from './noise.ts';

/**
 * The gradient of the loss with respect to A and B, estimated by antithetic evolution strategies from forward passes alone:
 * g = 1/P Σ_pairs (L(B + σε) − L(B − σε)) / 2σ · ε with ε standard normal, whose mean is the gradient of the loss smoothed over N(B, σ²).
 * Its cosine to the gradient is √(pairs / (pairs + d)) for d elements of B, whatever the model.
 * Only B is perturbed, so that a member differs from the policy by a matrix of the adapter's rank; A stays the random projection that it was drawn as.
 * The figures are those of the unperturbed adapter; its entropy is estimated by −log p of the sampled tokens.
 * Sources: T. Salimans et al., Evolution strategies as a scalable alternative to reinforcement learning (arXiv 1703.03864), section 2;
 * low-rank members: B. Sarkar et al., EGGROLL (arXiv 2511.16652). Our form: the fitness is the batch's own loss, so that every loss can be used.
 */
export async function evolvedGradient(
  engine: Engine,
  agent: Agent,
  request: UpdateRequest,
  { pairs, sigma, seed }: EvolutionSettings,
): Promise<AdapterGradient> {
  const lossOf = await objective(engine, agent, request);
  const sums = await lossOf(agent.current());
  const gradient = new Float32Array(agent.layout.length);
  for (let pair = 0; sums.tokens > 0 && pair < pairs; pair++) {
    const [up, down] = [await lossOf(memberWeights(agent, seed, pair, sigma)), await lossOf(memberWeights(agent, seed, pair, -sigma))];
    addNoise(gradient, agent.layout, seed, pair, (up.loss - down.loss) / (2 * sigma * pairs));
  }
  return { gradient, sums };
}

/** The weights of one member: the agent's with B moved by `scale` along the pair's direction. */
export function memberWeights(agent: Agent, seed: number, pair: number, scale: number): AdapterWeights {
  const { layout, settings, key } = agent;
  const values = addNoise(agent.weights.slice(), layout, seed, pair, scale);
  return foldedWeights(`${key} ${seed} ${pair} ${scale}`, values, layout, settings.rank, settings.alpha);
}

/** The loss of the request's batch as a function of the weights. */
async function objective(engine: Engine, agent: Agent, request: UpdateRequest): Promise<(weights: AdapterWeights) => Promise<LossSums>> {
  const groups = effectiveGroups(request.groups, request.loss);
  const items = groups.map((group) => ({ prompt: group.promptTokens, continuations: answersOf(group) }));
  const score = (weights: AdapterWeights) => engine.score(agent.name, weights, items, 'train');
  const base = needsBase(request.loss) ? await score(baseWeights) : undefined;
  const loss = { settings: request.loss, normaliser: request.normaliser };
  return async (weights) => {
    const scores = await score(weights);
    const logProbs: number[] = [];
    const terms = groups.flatMap((group, number) =>
      groupTerms({ group, number, base: base?.[number] }, (which, position) =>
        logProbs.push(scores[number]?.[which]?.[position] as number),
      ),
    );
    return lossOf(terms, Float64Array.from(logProbs), loss);
  };
}

function lossOf(terms: readonly TokenTerm[], logProbs: Float64Array, { settings, normaliser }: PolicyLoss): LossSums {
  const whole = wholeSampleLosses(settings, terms, () => logProbs);
  const sums = emptySums();
  for (const [index, term] of terms.entries()) {
    const logProb = logProbs[index] as number;
    const loss = termLoss(settings, logProb, term, whole?.get(term));
    addToken(sums, { term, logProb, loss, share: term.weight / normaliser, entropy: -logProb });
  }
  return sums;
}
