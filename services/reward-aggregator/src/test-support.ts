import {
  addressOf,
  type BatchInput,
  decodeMessage,
  encodeMessage,
  type FailureClass,
  type Message,
  type Rewards,
  type SampleGroupInput,
  type SettlementInput,
  type ToldInput,
} from '@redqueen/contract';
import { randomOf, recipeSchema, rewardId, type Recipe, type RunRecord } from '@redqueen/core';
import type { Tell } from '@redqueen/runtime';
import { fold } from './fold/fold.ts';
import { initialState, type State } from './fold/state.ts';
import type { Refusal } from './fold/work.ts';
import { rulesOf, type Rules } from './rules.ts';

/** The run of every story. */
export const run = 'story';

const role = (rewards: unknown, credit: string, batch: number) => ({
  optimizer: { learningRate: 1e-3 },
  rewards,
  credit: { use: credit },
  batch,
});

/** A recipe with small batches; `patch` replaces whole keys of it. */
export function recordWith(patch: Readonly<Record<string, unknown>> = {}): RunRecord {
  const recipe: Recipe = recipeSchema.parse({
    name: 'story',
    model: 'starter',
    updates: 10,
    environments: [{ use: 'arithmetic', families: { add: [1] } }],
    curriculum: { use: 'uniform' },
    roles: {
      executor: role([{ use: 'outcome', weight: 1 }], 'group-normalised', 4),
      proposer: role(
        [
          { use: 'validity', weight: 0.3 },
          { use: 'learnability', weight: 0.7 },
          { use: 'repetition', weight: -0.5 },
        ],
        'group-mean-batch-deviation',
        4,
      ),
      verifier: role([{ use: 'brier', weight: 1 }], 'expected-pairwise', 4),
      'world-model': role([{ use: 'field-accuracy', weight: 1 }], 'group-normalised', 4),
    },
    ...patch,
  });
  return { run, recipe, seed: 7, updates: 10, status: 'running', startedAt: 0 };
}

/** A message as it comes off the wire. */
export function messageFrom(from: string, told: ToldInput, id: string, to = 'reward-aggregator/0'): Message {
  return decodeMessage(encodeMessage({ id, run, from: addressOf(from), to: addressOf(to), cause: '', traceparent: '', ...told }));
}

/** A sampled group: sample i has the tokens of its text and log-probs that follow from seed and index. */
function groupOf(
  agent: string,
  prompt: string,
  texts: readonly string[],
  options: { version?: number; failures?: readonly FailureClass[] } = {},
): SampleGroupInput {
  const version = options.version ?? 0;
  const random = randomOf(agent, prompt, ...texts);
  return {
    prompt,
    promptTokens: [256, ...Buffer.from(prompt)],
    policy: { agent, version, adapterHash: version === 0 ? '' : `hash-${agent}-${version}` },
    samples: texts.map((text, index) => {
      const tokens = [...Buffer.from(text)];
      return {
        tokens,
        text,
        logProbs: tokens.map(() => Math.log(0.05 + 0.9 * random.uniform())),
        failure: options.failures?.[index] ?? 'FAILURE_CLASS_OK',
      };
    }),
  };
}

/** A released version, as the policy tells it. */
export function released(agent: string, version: number): Message {
  const adapterHash = version === 0 ? '' : `hash-${agent}-${version}`;
  return messageFrom(
    'policy/0',
    { kind: 'released', body: { agent, version, adapterHash, reason: version === 0 ? 'start' : 'gate', sourceVersion: version } },
    `released-${agent}-${version}`,
  );
}

/** Released v0 of the four agents. */
export function start(): Message[] {
  return ['executor/0', 'proposer/0', 'verifier/0', 'world-model/0'].map((agent) => released(agent, 0));
}

/** One reward as a story tells it. */
export interface Told {
  readonly agent: string;
  readonly turn: number;
  readonly term: string;
  readonly value: number;
}

/** A bundle with correct ids. */
export function bundle(teller: string, episodeId: string, told: readonly Told[]): Extract<ToldInput, { kind: 'rewards' }> {
  const rewards = told.map(({ agent, turn, term, value }) => {
    const earner = agent.split('/')[0] ?? '';
    return {
      agent,
      turn,
      term,
      value,
      role: earner,
      evidence: '',
      rewardId: rewardId({ run, episode: episodeId, agent, role: earner, turn, term, epoch: 0 }),
    };
  });
  return { kind: 'rewards', body: { episodeId, teller, epoch: 0, rewards } };
}

/** What one proposal of a slot comes to in a story. */
export interface Plan {
  /** 'valid', 'malformed' (a generated task takes its place) or 'held-out' (likewise, without a reward). */
  readonly proposal: 'valid' | 'malformed' | 'held-out';
  /** Outcome of each attempt; 'void' for one that the infrastructure failed. */
  readonly outcomes: readonly (0 | 1 | 'void')[];
  /** Confidence in the first right and the first wrong attempt; none where it is left out. */
  readonly confidences?: readonly [number, number];
  readonly repetition?: number;
  /** Field accuracy of every prediction, by transition. */
  readonly predictions?: readonly (readonly number[])[];
  /** Version that sampled everything. */
  readonly version?: number;
}

function proposerMessages(slot: string, index: number, plan: Plan): Message[] {
  const id = `${slot}.${index}`;
  const spec = {
    environment: 'arithmetic',
    family: 'add',
    level: 1,
    canonical: `${10 + index}+${index}`,
    origin: plan.proposal === 'valid' ? 'proposer' : 'generator',
  };
  const proposal = groupOf('proposer/0', 'p+1=', [`${spec.canonical}\n`], { version: plan.version ?? 0 });
  const task = { taskId: id, slotId: slot, index, spec, attempts: plan.outcomes.length, seed: 1 };
  const messages = [
    messageFrom(
      'proposer/0',
      { kind: 'task', body: { ...task, ...(plan.proposal === 'valid' && { proposal }) } },
      `${id}-task`,
      'executor/0',
    ),
  ];
  const earned = { agent: 'proposer/0', turn: index };
  if (plan.proposal === 'valid') {
    const told = [
      { ...earned, term: 'validity', value: 1 },
      { ...earned, term: 'repetition', value: plan.repetition ?? 0 },
    ];
    messages.push(messageFrom('proposer/0', bundle('proposer/0', id, told), `${id}-proposer-rewards`));
    return messages;
  }
  messages.push(
    messageFrom(
      'proposer/0',
      { kind: 'rejected', body: { slotId: slot, index, reason: plan.proposal, proposal } },
      `${id}-rejected`,
      'curriculum/0',
    ),
  );
  if (plan.proposal === 'malformed') {
    messages.push(
      messageFrom('proposer/0', bundle('proposer/0', `${id}/r`, [{ ...earned, term: 'validity', value: 0 }]), `${id}-r-rewards`),
    );
  }
  return messages;
}

function judged(plan: Plan): { attempt: number; confidence: number; outcome: number }[] {
  if (!plan.confidences) return [];
  return ([1, 0] as const).flatMap((outcome, place) => {
    const attempt = plan.outcomes.indexOf(outcome);
    return attempt < 0 ? [] : [{ attempt, outcome, confidence: plan.confidences?.[place] ?? 0.5 }];
  });
}

function attemptMessages(slot: string, index: number, plan: Plan): Message[] {
  const id = `${slot}.${index}`;
  const canonical = `${10 + index}+${index}`;
  const spec = {
    environment: 'arithmetic',
    family: 'add',
    level: 1,
    canonical,
    origin: plan.proposal === 'valid' ? 'proposer' : 'generator',
  };
  const version = plan.version ?? 0;
  const failures = plan.outcomes.map((outcome): FailureClass => (outcome === 'void' ? 'FAILURE_CLASS_INFRA_ERROR' : 'FAILURE_CLASS_OK'));
  const group = groupOf(
    'executor/0',
    `${canonical}=`,
    plan.outcomes.map((_, attempt) => `${10 + index * 2 + attempt}\n`),
    { version, failures },
  );
  return [messageFrom('executor/0', { kind: 'attempts', body: { taskId: id, slotId: slot, spec, group } }, `${id}-attempts`, 'verifier/0')];
}

function verifierMessages(slot: string, index: number, plan: Plan): Message[] {
  const id = `${slot}.${index}`;
  const picks = judged(plan);
  const verdicts = picks.map(({ attempt, confidence }) => {
    const judgement = groupOf('verifier/0', `v${index}=${attempt}?`, ['y', 'n'], { version: plan.version ?? 0 });
    const [yes, no] = judgement.samples ?? [];
    if (yes && no) [yes.logProbs, no.logProbs] = [[Math.log(confidence)], [Math.log(1 - confidence)]];
    return { attempt, confidence, label: confidence >= 0.5 ? 'y' : 'n', firstBadStep: -1, judgement };
  });
  const valid = plan.outcomes.filter((outcome) => outcome !== 'void');
  const rate = valid.reduce<number>((sum, outcome) => sum + Number(outcome), 0) / Math.max(1, valid.length);
  const told: Told[] = plan.outcomes.flatMap((outcome, turn) =>
    outcome === 'void' ? [] : [{ agent: 'executor/0', turn, term: 'outcome', value: outcome }],
  );
  if (plan.proposal === 'valid' && valid.length > 0)
    told.push({ agent: 'proposer/0', turn: index, term: 'learnability', value: 4 * rate * (1 - rate) });
  for (const { attempt, confidence, outcome } of picks)
    told.push({ agent: 'verifier/0', turn: attempt, term: 'brier', value: 1 - (confidence - outcome) ** 2 });
  return [
    messageFrom('verifier/0', { kind: 'verdicts', body: { taskId: id, verdicts } }, `${id}-verdicts`),
    messageFrom('verifier/0', bundle('verifier/0', id, told), `${id}-verifier-rewards`),
  ];
}

function worldModelMessages(slot: string, index: number, plan: Plan): Message[] {
  if (!plan.predictions) return [];
  const id = `${slot}.${index}`;
  const each = plan.predictions[0]?.length ?? 0;
  const transitions = plan.predictions.map((_, place) => ({ state: `m.A#K.D..G0${place}`, action: 'u', outcome: '41.' }));
  const groups = plan.predictions.map((values, place) =>
    groupOf(
      'world-model/0',
      `w.A#K.D..G0${place}u=`,
      values.map((_, sample) => `4${sample}.\n`),
      { version: plan.version ?? 0 },
    ),
  );
  const told = plan.predictions.flatMap((values, place) =>
    values.map((value, sample) => ({ agent: 'world-model/0', turn: place * each + sample, term: 'field-accuracy', value })),
  );
  return [
    messageFrom(
      'executor/0',
      { kind: 'transitions', body: { taskId: id, environment: 'grid', transitions, predictions: each, seed: 1 } },
      `${id}-transitions`,
      'world-model/0',
    ),
    messageFrom('world-model/0', { kind: 'predictions', body: { taskId: id, transitions, groups } }, `${id}-predictions`),
    messageFrom('world-model/0', bundle('world-model/0', `${id}/w`, told), `${id}-w-rewards`),
  ];
}

/** The messages of one slot by sender, each sender's in the order in which it tells them. */
export function slotStory(
  slot: string,
  plans: readonly Plan[],
): { readonly open: Message; readonly bySender: readonly (readonly Message[])[] } {
  const body = {
    slotId: slot,
    environment: 'arithmetic',
    family: 'add',
    level: 1,
    seed: 1,
    proposals: plans.length,
    attempts: 4,
    source: 'proposer',
  };
  const of = (messages: (slot: string, index: number, plan: Plan) => Message[]) =>
    plans.flatMap((plan, index) => messages(slot, index, plan));
  return {
    open: messageFrom('curriculum/0', { kind: 'slot', body }, `${slot}-slot`, 'proposer/0'),
    bySender: [of(proposerMessages), of(attemptMessages), of(verifierMessages), of(worldModelMessages)],
  };
}

/** The slot's messages in the order of the loop. */
export function inOrder(slot: string, plans: readonly Plan[]): Message[] {
  const { open, bySender } = slotStory(slot, plans);
  return [open, ...bySender.flat()];
}

/** What folding a stream gave. */
export interface Outcome {
  readonly state: State;
  readonly tells: readonly Tell[];
  readonly settlements: readonly SettlementInput[];
  readonly batches: readonly BatchInput[];
  readonly refusals: readonly Refusal[];
}

/** Folds a stream, from a state or from the beginning. */
export function foldAll(messages: readonly Message[], rules: Rules = rulesOf(recordWith()), from: State = initialState()): Outcome {
  let state = from;
  const tells: Tell[] = [];
  const refusals: Refusal[] = [];
  for (const message of messages) {
    const folded = fold(rules, state, message);
    state = folded.state;
    tells.push(...folded.tells);
    refusals.push(...folded.refusals);
  }
  return {
    state,
    tells,
    refusals,
    settlements: tells.flatMap((tell) => (tell.kind === 'settlement' ? [tell.body] : [])),
    batches: tells.flatMap((tell) => (tell.kind === 'batch' ? [tell.body] : [])),
  };
}

/** Rewards told in a stream. */
export function rewardsTold(messages: readonly Message[]): number {
  return messages.reduce((sum, message) => sum + (message.kind === 'rewards' ? (message.body as Rewards).rewards.length : 0), 0);
}

/** Rewards that wait in open episodes. */
export function rewardsWaiting(state: State): number {
  return [...state.episodes.values()].reduce((sum, episode) => sum + episode.rewards.size, 0);
}

/** The object without some of its keys. */
export function omit<Item extends object, Key extends keyof Item>(item: Item, ...keys: readonly Key[]): Omit<Item, Key> {
  return Object.fromEntries(Object.entries(item).filter(([key]) => !keys.includes(key as Key))) as Omit<Item, Key>;
}

/** A settlement without the count of what was dropped before it, which says nothing of what counts. */
export function withoutDropped(settlement: SettlementInput): Omit<SettlementInput, 'duplicates'> {
  return omit(settlement, 'duplicates');
}

/** Every advantage of a batch, in order. */
export function advantagesOf(batch: BatchInput | undefined): number[] {
  return (batch?.groups ?? []).flatMap((group) => (group.samples ?? []).flatMap((sample) => (sample.advantages ?? []).map(Number)));
}
