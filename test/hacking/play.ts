import { addressText, decodeMessage, encodeMessage, type Message, type MessageInput, type SettlementInput } from '@redqueen/contract';
import { derivedId, seedOf, type Recipe, type RunRecord } from '@redqueen/core';
import { armsOf, proposerPrompt } from '@redqueen/environments';
import { addresses, agents, type PoolActor, type Tell } from '@redqueen/runtime';
import { contextOf, ScriptedPolicy, type Turn } from '@redqueen/testkit';
import { createExecutorActor } from '../../services/executor/src/actor.ts';
import { createProposerActor } from '../../services/proposer/src/actor.ts';
import { fold } from '../../services/reward-aggregator/src/fold/fold.ts';
import { initialState } from '../../services/reward-aggregator/src/fold/state.ts';
import { rulesOf } from '../../services/reward-aggregator/src/rules.ts';
import { createVerifierActor } from '../../services/verifier/src/actor.ts';
import { askedTask, type Exploit } from './exploits.ts';
import { honestAnswer, honestConfidence, honestProposal, type Arm } from './honest.ts';

/** Slots that are played, each with the recipe's number of proposals and attempts. */
const slots = 16;

/** Every second turn of a group is the exploiter's. */
export function isExploiters(turn: number): boolean {
  return turn % 2 === 1;
}

/** What one game left behind. */
export interface Played {
  readonly settlements: readonly SettlementInput[];
  /** The attempts, by task. */
  readonly attempts: ReadonlyMap<string, Extract<Message, { kind: 'attempts' }>['body']>;
}

/** The policies of all roles: an honest player's, but for the exploiter's turns. */
function playersOf(recipe: Recipe, exploit: Exploit | undefined): ScriptedPolicy {
  const difficulty = new Map<string, 'impossible' | 'given-away'>();
  const arms = new Map<string, Arm>(
    armsOf(recipe.environments).map((arm) => [proposerPrompt(arm.environment, arm.family, arm.level), arm]),
  );
  const propose = (turn: Turn): string => {
    const arm = arms.get(turn.prompt);
    if (!arm) return '?';
    if (!exploit?.propose || !isExploiters(turn.index)) return honestProposal(arm, turn);
    const canonical = exploit.propose(arm, turn);
    if (exploit.hardness) difficulty.set(canonical, exploit.hardness);
    return canonical;
  };
  const answer = (turn: Turn): string | undefined => {
    const task = askedTask(turn.prompt);
    if (!task || !exploit?.answer || !isExploiters(turn.index)) return honestAnswer(difficulty, turn);
    return exploit.answer(task, turn, difficulty);
  };
  return new ScriptedPolicy(
    (turn) => (turn.agent === agents.proposer ? propose(turn) : answer(turn)),
    (prompt) => exploit?.confidence ?? honestConfidence(prompt),
  );
}

function slotTells(recipe: Recipe): Tell[] {
  const arms = armsOf(recipe.environments);
  const source = recipe.roles.proposer.trains ? recipe.source.use : 'generator';
  return Array.from({ length: slots }, (_, index) => ({
    to: addresses.proposer,
    kind: 'slot',
    body: {
      slotId: `${index}.0`,
      ...(arms[index % arms.length] as Arm),
      seed: seedOf('hacking', index),
      proposals: recipe.proposalsPerSlot,
      attempts: recipe.attemptsPerTask,
      source,
    },
  }));
}

/** The verifier's release says how good its judgements are on hidden anchors, half of them right: that is all that its trust is made of. */
function releases(exploit: Exploit | undefined): Tell[] {
  const confidence = exploit?.confidence;
  const brier = confidence === undefined ? 0.04 : (confidence ** 2 + (1 - confidence) ** 2) / 2;
  return [0, 1].flatMap((version) =>
    Object.values(agents).map((agent) => ({
      to: addresses.curriculum,
      kind: 'released' as const,
      body: {
        agent,
        version,
        adapterHash: version === 0 ? '' : `hash-${version}`,
        reason: 'gate',
        figures: [{ name: 'brier', value: brier, count: 120 }],
      },
    })),
  );
}

/** Plays one game: the real proposer, executor and verifier over the real environments, and the real fold; only the policies' words are scripted. */
export async function play(recipe: Recipe, exploit?: Exploit): Promise<Played> {
  const record: RunRecord = { run: 'hacking', recipe, seed: 1, updates: 1, status: 'running', startedAt: 0 };
  const policy = playersOf(recipe, exploit);
  // Scripted players answer at once and call no tool, so that nothing ever has to be run.
  const code = { run: async () => ({ ok: false }) as const };
  const actors: PoolActor[] = [
    createProposerActor(record, policy),
    createExecutorActor(record, policy, [], code),
    createVerifierActor(record, policy),
  ];
  const pools = new Map(actors.map((actor) => [addressText(actor.address), actor]));
  const rules = rulesOf(record);
  const stream: Message[] = [];
  const settlements: SettlementInput[] = [];
  const attempts = new Map<string, Extract<Message, { kind: 'attempts' }>['body']>();
  let state = initialState();
  const tell = (from: Message['from'], cause: string, tells: readonly Tell[]): void => {
    for (const [index, one] of tells.entries())
      stream.push(
        decodeMessage(
          encodeMessage({
            id: derivedId(cause, addressText(from), index),
            run: record.run,
            from,
            cause,
            traceparent: '',
            ...one,
          } as MessageInput),
        ),
      );
  };
  tell(addresses.policy, 'releases', releases(exploit));
  tell(addresses.curriculum, 'slots', slotTells(recipe));
  for (let place = 0; place < stream.length; place++) {
    const message = stream[place] as Message;
    if (message.kind === 'attempts') attempts.set(message.body.taskId, message.body);
    const folded = fold(rules, state, message);
    state = folded.state;
    for (const one of folded.tells) if (one.kind === 'settlement') settlements.push(one.body);
    const actor = pools.get(addressText(message.to));
    if (actor) tell(actor.address, message.id, await actor.receive(message, contextOf(actor.address, message)));
  }
  return { settlements, attempts };
}

/** Each turn that a role's agents settled, with its total; what peers say about attempts is left out. */
export function turnsOf(played: Played, role: Exploit['role']): { episode: string; turn: number; total: number }[] {
  return played.settlements.flatMap(({ episodeId = '', status, totals = [] }) => {
    if (status !== 'SETTLEMENT_STATUS_SETTLED') return [];
    const attempts = played.attempts.get(episodeId)?.group?.samples.length ?? Number.POSITIVE_INFINITY;
    const own = totals.filter(({ agent = '' }) => agent.startsWith(`${role}/`));
    return own.flatMap(({ turns = [], totals: values = [] }) =>
      turns
        .map((turn, place) => ({ episode: episodeId, turn, total: Number(values[place] ?? 0) }))
        .filter(({ turn }) => role !== 'executor' || turn < attempts),
    );
  });
}
