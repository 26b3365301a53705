import type { ExplainedAgent, ExplainedTurn, Explanation, Replay, Verification } from '../launch/index.ts';
import { textTable } from './text-table.ts';

/** What an audit found, for a person. */
export function verificationLines(found: Verification): string[] {
  const { messages, settled, voided, batches, rewards, untold, head, fault, stream } = found;
  const count = Object.entries(batches).map(([agent, number]) => `${agent} ${number}`);
  const lines = [
    `Run ${found.run}: ${messages} messages, stream ${stream}`,
    `  ${settled + voided} settlements: ${settled} settled, ${voided} void; batches: ${count.join(', ') || 'none'}`,
    `  rewards: ${Object.entries(rewards)
      .map(([fate, number]) => `${number} ${fate}`)
      .join(', ')}`,
  ];
  if (untold > 0)
    lines.push(`  ${untold} messages follow from these and were not told yet: the run was cut off, and tells them when it is resumed`);
  lines.push(
    head
      ? `  the head file has seen message ${head.sequence} and settlement ${head.settlement}`
      : '  there is no head file: a lost end of the ledger cannot be told from here',
  );
  lines.push(
    fault ? `DAMAGED at message ${fault.sequence}: ${fault.what}` : 'Whole: every settlement and batch follows from the messages.',
  );
  return lines;
}

/** What a ledger comes to, for a person. */
export function replayLines(replay: Replay, seconds: number): string[] {
  return [
    `Run ${replay.run}: ${replay.messages} messages folded in ${seconds.toFixed(1)} s, ${Math.round(replay.messages / Math.max(seconds, 1e-3))} a second`,
    `  stream       ${replay.stream}`,
    `  state        ${replay.state}`,
    `  settlements  ${replay.settlementsDigest}  (${replay.settlements})`,
    `  batches      ${replay.batchesDigest}  (${replay.batches})`,
  ];
}

function turnLines(agent: ExplainedAgent, { turn, total, advantage, terms }: ExplainedTurn): string[] {
  const from = advantage && `advantage ${advantage.value.toFixed(4)} (${advantage.in}, message ${advantage.sequence})`;
  const compared = agent.scope === 'group' ? `with the ${agent.turns.length} turns here` : 'with its whole batch';
  return [
    `  turn ${turn}: ${from ?? 'no advantage'}`,
    `    ← ${agent.credit.join(', ')}, compared ${compared}; total ${total.toFixed(4)}`,
    ...terms.map(({ term, weight, told }) =>
      told
        ? `    ← ${term}: ${told.value.toFixed(4)} × ${weight}, told by ${told.teller} in message ${told.sequence}${told.evidence ? ` (${told.evidence})` : ''}  ${told.rewardId}`
        : `    ← ${term}: × ${weight}, by its formula from the facts`,
    ),
  ];
}

/** The walk from advantages to messages, for a person; of a reward that turn alone. */
export function explanationLines(explanation: Explanation): string[] {
  const { run, episode, reward, settlement, agents, batches, messages } = explanation;
  const lines = [`Episode ${episode} of run ${run}`];
  if (reward) lines.push(`Reward ${reward.rewardId}: ${reward.term} of ${reward.agent} turn ${reward.turn}`);
  const status = settlement && `${settlement.status}${settlement.reason ? ` (${settlement.reason})` : ''}`;
  lines.push(
    settlement ? `Settlement ${settlement.index} in message ${settlement.sequence}: ${status}  ${settlement.digest}` : 'Not settled yet.',
  );
  for (const { agent, number, sequence } of batches) lines.push(`Batch ${number} of ${agent} in message ${sequence}`);
  for (const one of agents) {
    const turns = reward ? one.turns.filter(({ turn }) => one.agent === reward.agent && turn === reward.turn) : one.turns;
    if (turns.length > 0) lines.push('', one.agent, ...turns.flatMap((turn) => turnLines(one, turn)));
  }
  const rows = messages.map(({ sequence, from, to, kind, id, cause }) => [String(sequence), kind, `${from} → ${to}`, id, cause]);
  lines.push('', ...textTable(['message', 'kind', 'from → to', 'id', 'cause'], rows, ['right', 'left', 'left', 'left', 'left']));
  return lines;
}
