import { adaptedAgent, freshPrompts, type ModelName } from '../models.ts';
import { bench, type ModelBench, type ModelStage, type Opened } from './bench.ts';

interface Size {
  readonly model: ModelName;
  readonly agents: number;
  /** Requests of each agent. */
  readonly requests: number;
  readonly samples: number;
  readonly prompt: number;
  /** Tokens of every sample: the steps of a turn. */
  readonly tokens: number;
}

/** Asks for everything at once, agent by agent, `agents` of them in turn over the same requests. Answers whose request was done, in order. */
function askAll({ model, agents, requests, samples, prompt, tokens }: Size, { models, threads }: ModelStage) {
  const engine = models.engine(model, threads);
  const adapters = Array.from({ length: agents }, (_, index) => adaptedAgent(engine, `agent ${index}`, index + 1));
  const fresh = freshPrompts(engine.model, prompt);
  const settings = { maxTokens: tokens, temperature: 1, stops: new Set<number>() };
  const run = async (served: number): Promise<readonly number[]> => {
    const order: number[] = [];
    const asked = Array.from({ length: agents * requests }, async (_, place) => {
      const agent = Math.floor(place / requests) % served;
      const given = { tokens: fresh(), samples, seed: place };
      await engine.sample(`agent ${agent}`, (adapters[agent] as (typeof adapters)[number]).current(), [given], settings);
      order.push(agent);
    });
    await Promise.all(asked);
    return order;
  };
  return { run, facts: { path: engine.sampling } };
}

/** The most turns that any other agent had between two turns of an agent, or before its first. */
export function longestWait(order: readonly number[], agents: number): number {
  const had: readonly number[][] = Array.from({ length: agents }, () => Array.from({ length: agents }, () => 0));
  let longest = 0;
  for (const turn of order) {
    const waited = had[turn] as number[];
    longest = Math.max(longest, ...waited);
    waited.fill(0);
    for (const [agent, others] of had.entries()) if (agent !== turn) others[turn] = (others[turn] as number) + 1;
  }
  return longest;
}

async function openSpeed(size: Size, stage: ModelStage): Promise<Opened> {
  const { run, facts } = askAll(size, stage);
  const side = (served: number) => ({
    run: async () => {
      await run(served);
    },
  });
  return { kind: 'compared', facts, scale: 1, control: 'baseline', baseline: side(1), subject: side(size.agents) };
}

async function openWait(size: Size, stage: ModelStage): Promise<Opened> {
  const { run, facts } = askAll(size, stage);
  return { kind: 'single', facts, timed: false, value: async () => longestWait(await run(size.agents), size.agents) };
}

const smoke: Size = { model: 'tiny', agents: 3, requests: 2, samples: 2, prompt: 8, tokens: 3 };
const sizes = {
  smoke,
  quick: { model: 'medium', agents: 4, requests: 2, samples: 8, prompt: 16, tokens: 16 },
  full: { model: 'smollm2-135m', agents: 4, requests: 2, samples: 8, prompt: 16, tokens: 32 },
} as const;

/** P14: what it costs that agents with adapters of their own take turns. */
export const turnBenches: readonly ModelBench[] = [
  bench<Size>({
    id: 'P14.speed',
    what: 'sampling for four agents with adapters of their own against one agent',
    baseline: 'the same requests, all of one agent',
    subject: 'requests of four agents in turn',
    target: 0.85,
    direction: 'at least',
    unit: '',
    sizes,
    open: openSpeed,
  }),
  bench<Size>({
    id: 'P14.wait',
    what: 'most turns of another agent while an agent waits for its own',
    baseline: '',
    subject: 'requests of four agents, all asked at once',
    target: 2,
    direction: 'at most',
    unit: 'turns',
    sizes,
    open: openWait,
  }),
];
