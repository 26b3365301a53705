import type { Body, InteractionReward, Message, SampleGroup } from '@redqueen/contract';
import { deviation, mean, peerTurnNumber, type Conversation, type ConversationTurn } from '@redqueen/core';

/** What one agent earned in the episode, by turn. */
interface Earned {
  readonly rewards: readonly InteractionReward[];
  readonly total: number | undefined;
  readonly advantage: number | undefined;
}

interface Material {
  readonly task?: Body<'task'>;
  readonly attempts?: Body<'attempts'>;
  readonly verdicts?: Body<'verdicts'>;
  readonly rewards: readonly InteractionReward[];
  readonly settlement?: Body<'settlement'>;
}

function materialOf(messages: readonly Message[], settlement: Body<'settlement'> | undefined): Material {
  let material: Material = { rewards: [], ...(settlement ? { settlement } : {}) };
  const seen = new Set<string>();
  for (const message of messages) {
    if (message.kind === 'task') material = { ...material, task: message.body };
    else if (message.kind === 'attempts') material = { ...material, attempts: message.body };
    else if (message.kind === 'verdicts') material = { ...material, verdicts: message.body };
    else if (message.kind === 'settlement') material = { ...material, settlement: message.body };
    else if (message.kind === 'rewards') {
      const fresh = message.body.rewards.filter(({ rewardId }) => !seen.has(rewardId));
      for (const { rewardId } of fresh) seen.add(rewardId);
      material = { ...material, rewards: [...material.rewards, ...fresh] };
    }
  }
  return material;
}

/** What an agent earned at a turn; advantages are absent where they depend on the rest of the batch. */
function earnedAt({ rewards, settlement }: Material, agent: string, turn: number): Earned {
  const own = rewards.filter((reward) => reward.agent === agent && reward.turn === turn);
  const entry = settlement?.totals.find((total) => total.agent === agent);
  const index = entry?.turns.indexOf(turn) ?? -1;
  return { rewards: own, total: entry?.totals[index], advantage: entry?.advantages[index] };
}

function turnOf(
  speaker: string,
  kind: string,
  texts: { prompt?: string; text: string; remark?: string },
  earned?: Earned,
): ConversationTurn {
  return {
    speaker,
    kind,
    prompt: texts.prompt ?? '',
    text: texts.text,
    remark: texts.remark ?? '',
    rewards: (earned?.rewards ?? []).map(({ term, value, evidence }) => ({ term, value, evidence })),
    ...(earned?.total === undefined ? {} : { total: earned.total }),
    ...(earned?.advantage === undefined ? {} : { advantage: earned.advantage }),
  };
}

const speakerOf = (group: SampleGroup | null | undefined, otherwise: string): string => group?.policy?.agent || otherwise;
const versionRemark = (group: SampleGroup | null | undefined): string => (group?.policy ? `policy v${group.policy.version}` : '');

function proposalTurns(material: Material): ConversationTurn[] {
  const { task } = material;
  if (!task) return [];
  const spec = task.spec;
  const text = spec?.canonical ?? '';
  if (!task.proposal)
    return [
      turnOf('environment', 'task', { text, remark: `drawn from ${spec?.environment ?? 'the environment'}, nobody earns credit for it` }),
    ];
  const speaker = speakerOf(task.proposal, 'proposer/0');
  return [
    turnOf(
      speaker,
      'proposal',
      { prompt: task.proposal.prompt, text, remark: versionRemark(task.proposal) },
      earnedAt(material, speaker, task.index),
    ),
  ];
}

function attemptTurns(material: Material): ConversationTurn[] {
  const group = material.attempts?.group;
  const speaker = speakerOf(group, 'executor/0');
  return (group?.samples ?? []).map((sample, turn) => {
    const failure =
      sample.failure === 'FAILURE_CLASS_OK' ? '' : ` · ${sample.failure.replace('FAILURE_CLASS_', '').toLowerCase().replaceAll('_', ' ')}`;
    return turnOf(
      speaker,
      'attempt',
      { prompt: group?.prompt ?? '', text: sample.text, remark: versionRemark(group) + failure },
      earnedAt(material, speaker, turn),
    );
  });
}

/** What peers said of the attempts: solution by solution, its evaluation and then its scoring. */
function actTurns(material: Material): ConversationTurn[] {
  const samples = material.attempts?.group?.samples ?? [];
  const turns = (material.attempts?.acts ?? []).map((act) => {
    const kind = act.kind === 'PEER_ACT_KIND_SCORING' ? ('scoring' as const) : ('evaluation' as const);
    const about = `${kind} of ${JSON.stringify(samples[act.attempt]?.text ?? '')} (attempt ${act.attempt})`;
    const scored = kind === 'evaluation' ? '' : ` · ${act.score === undefined ? 'cannot be read' : `score ${act.score} of 3`}`;
    const texts = { prompt: act.group?.prompt ?? '', text: act.group?.samples[0]?.text ?? '', remark: about + scored };
    return { act, turn: turnOf(act.agent, kind, texts, earnedAt(material, act.agent, peerTurnNumber(kind, act.attempt, samples.length))) };
  });
  return turns.sort((a, b) => a.act.attempt - b.act.attempt || a.turn.kind.localeCompare(b.turn.kind)).map(({ turn }) => turn);
}

function verdictTurns(material: Material): ConversationTurn[] {
  return (material.verdicts?.verdicts ?? []).map((verdict) => {
    const speaker = speakerOf(verdict.judgement, 'verifier/0');
    const answer = material.attempts?.group?.samples[verdict.attempt]?.text ?? '';
    const text = `${JSON.stringify(answer)} is ${verdict.label === 'y' ? 'right' : 'wrong'}`;
    const remark = `${Math.round(verdict.confidence * 100)} % sure that it is right${verdict.critique ? ` · ${verdict.critique}` : ''}`;
    return turnOf(
      speaker,
      'verdict',
      { prompt: verdict.judgement?.prompt ?? '', text, remark },
      earnedAt(material, speaker, verdict.attempt),
    );
  });
}

const figure = (value: number): string => (Math.abs(value) < 5e-3 ? '0' : value.toFixed(2));

/** What was said of a discussion's attempts, which nobody but peers judged. */
function endorsed(solved: number, count: number): string {
  return `Peers endorsed ${solved} of ${count} solutions, whether they are right or not. A solution earns (score − 1) / 2, its evaluation the rest, a scoring 0 or −1 where it cannot be read.`;
}

/** How a group's rewards became advantages, in words. */
function explanationOf({ settlement, attempts }: Material): string {
  if (!settlement) return 'Rewards are still coming in; nothing is settled yet.';
  if (settlement.status === 'SETTLEMENT_STATUS_VOID')
    return `Void: ${settlement.reason || 'no reason given'}. A void episode trains nobody; it is no zero.`;
  const agent = speakerOf(attempts?.group, 'executor/0');
  const executor = settlement.totals.find((total) => total.agent === agent);
  const { attempts: count, solved } = settlement;
  if (attempts && attempts.acts.length > 0) return endorsed(solved, count);
  if (!executor || executor.totals.length === 0) return `${solved} of ${count} attempts were right.`;
  const centre = mean(executor.totals);
  const spread = deviation(executor.totals);
  if (spread < 1e-9) {
    const all = solved === 0 ? 'no attempt was right' : solved === count ? 'every attempt was right' : 'all attempts earned the same';
    return `${solved} of ${count}: ${all}, so there is nothing to prefer. All advantages are 0 and the group carries no learning signal.`;
  }
  if (executor.advantages.length === 0) return `${solved} of ${count} attempts were right; their mean reward is ${figure(centre)}.`;
  return (
    `${solved} of ${count} attempts were right. Their mean reward is ${figure(centre)} with deviation ${figure(spread)}; an attempt's advantage is ` +
    `(reward − mean) / deviation, so what was better than the group becomes likelier (up to ${figure(Math.max(...executor.advantages))}) ` +
    `and what was worse less likely (down to ${figure(Math.min(...executor.advantages))}).`
  );
}

/** An episode's messages, in stream order, as a conversation that a person can read. Messages of other episodes must not be among them. */
export function conversationOf(episode: string, messages: readonly Message[], settlement?: Body<'settlement'>): Conversation {
  const material = materialOf(messages, settlement);
  const spec = material.task?.spec ?? material.attempts?.spec ?? material.settlement?.spec;
  const status = material.settlement ? (material.settlement.status === 'SETTLEMENT_STATUS_SETTLED' ? 'settled' : 'void') : 'open';
  return {
    episode,
    environment: spec?.environment ?? '',
    family: spec?.family ?? '',
    level: spec?.level ?? 0,
    canonical: spec?.canonical ?? '',
    origin: spec?.origin ?? '',
    status,
    attempts: material.settlement?.attempts ?? material.attempts?.group?.samples.length ?? 0,
    solved: material.settlement?.solved ?? 0,
    turns: [...proposalTurns(material), ...attemptTurns(material), ...actTurns(material), ...verdictTurns(material)],
    explanation: explanationOf(material),
  };
}
