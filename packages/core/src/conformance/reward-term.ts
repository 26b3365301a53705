import type { EpisodeFacts, Evidence, PluginOf, RewardTerm, Turn } from '../plugins/index.ts';
import type { Random } from '../ports.ts';
import { pick } from '../random.ts';
import { pluginConformance } from './plugin.ts';
import { forEachCase, frozen, requireEqual, requireThat, several, type Conformance } from './promise.ts';

const turnsOf = (agent: string, count: number): Turn[] => Array.from({ length: count }, (_, turn) => ({ agent, turn }));

/** Any episode of a task: attempts that ended in any way, some of them judged. */
function anyTask(random: Random): EpisodeFacts {
  const attempts = several(random, 1, 8, (turn) => ({
    agent: 'executor/0',
    turn,
    form: pick(random, ['ok', 'ok', 'malformed', 'truncated'] as const),
    toolCalls: random.integer(3),
    tokens: 1 + random.integer(12),
  }));
  const judgements = attempts
    .filter(() => random.integer(2) === 1)
    .map(({ turn }) => ({ agent: 'verifier/0', turn, confidence: random.uniform() }));
  return { episode: '0.0.0', kind: 'task', proposals: turnsOf('proposer/0', random.integer(2)), attempts, judgements, predictions: [] };
}

function anyFacts(random: Random): EpisodeFacts {
  const kind = pick(random, ['task', 'task', 'rejected', 'prediction'] as const);
  if (kind === 'task') return anyTask(random);
  const empty = { episode: '0.0.0', kind, proposals: [], attempts: [], judgements: [], predictions: [] };
  if (kind === 'prediction') return { ...empty, predictions: turnsOf('world-model/0', 1 + random.integer(8)) };
  return { ...empty, proposals: turnsOf('proposer/0', 1), rejection: pick(random, ['malformed', 'truncated', 'wrong-slot', 'held-out']) };
}

/** Told values that do not change while they are asked for: outcomes are 0 or 1, everything else lies between. */
function anyEvidence(random: Random): Evidence {
  const values = new Map<string, number>();
  return {
    trust: random.uniform(),
    value(term, { agent, turn }) {
      const key = `${term} ${agent} ${turn}`;
      const value = values.get(key) ?? (term === 'outcome' ? random.integer(2) : random.uniform());
      values.set(key, value);
      return value;
    },
  };
}

function keptOf(term: RewardTerm, facts: EpisodeFacts): void {
  const acted = [facts.proposals, facts.attempts, facts.judgements, facts.predictions, facts.acts ?? []].flat();
  const named = ({ agent, turn }: Turn): string => `${agent} ${turn}`;
  const known = new Set(acted.map(named));
  const turns = term.turns(facts).map(named);
  for (const turn of turns) {
    requireThat(known.has(turn), `it rewards ${turn}, which is no turn of the episode`);
    requireThat(turn.startsWith(`${term.earner}/`), `it rewards ${turn}, but ${term.earner} is its earner`);
  }
  requireThat(new Set(turns).size === turns.length, 'it rewards a turn twice');
}

/** What every reward term keeps. `options` are those that a recipe gives it. */
export function rewardTermConformance(plugin: PluginOf<'reward-term'>, options: object = {}): readonly Conformance[] {
  const make = (): RewardTerm => plugin.create(options, {});
  return [
    ...pluginConformance(plugin),
    {
      promise: 'its smallest value is no larger than its largest, and what a closed gate and a floor give are numbers',
      check: () => {
        const { range, closedGate, floor = 0 } = make();
        requireThat(range[0] <= range[1], `range ${range.join(' to ')}`);
        requireThat(Number.isFinite(closedGate) && Number.isFinite(floor), 'closedGate and floor must be finite');
      },
    },
    {
      promise: 'it rewards turns of its earner that were made in the episode, each once',
      check: forEachCase((random) => keptOf(make(), frozen(anyFacts(random)))),
    },
    {
      promise: 'its values lie in its range; one that nobody tells always has a value',
      check: forEachCase((random) => {
        const term = make();
        const [facts, evidence] = [frozen(anyFacts(random)), anyEvidence(random)];
        for (const turn of term.turns(facts)) {
          const value = term.formula(facts, turn, evidence);
          requireThat(value !== undefined || term.teller !== undefined, `turn ${turn.turn} has no value and nobody tells one`);
          const inRange = value === undefined || (value >= term.range[0] - 1e-9 && value <= term.range[1] + 1e-9);
          requireThat(inRange, `${value} is not in ${term.range.join(' to ')}`);
        }
      }),
    },
    {
      promise: 'the same facts give the same turns and values',
      check: forEachCase((random) => {
        const [facts, evidence] = [frozen(anyFacts(random)), anyEvidence(random)];
        const told = (term: RewardTerm) => term.turns(facts).map((turn) => [turn, term.formula(facts, turn, evidence)]);
        requireEqual(told(make()), told(make()), 'a second time');
      }),
    },
  ];
}
