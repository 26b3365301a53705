import { encodeMessage, type MessageInput } from '@redqueen/contract';
import { describe, expect, it } from 'vitest';
import { inOrder, recordWith, released, start, type Plan } from '../test-support.ts';
import { explainLedger } from './explain.ts';
import { Refold } from './refold.ts';
import type { LedgerEntry, LedgerSource } from './source.ts';

const right: Plan = { proposal: 'valid', outcomes: [1, 0, 0, 1], confidences: [0.8, 0.3], predictions: [[1, 0]] };
const record = recordWith();

function sourceOf(plans: readonly Plan[]): LedgerSource & { readonly stored: LedgerEntry[] } {
  const refold = new Refold({ record });
  const stored: LedgerEntry[] = [];
  const store = (message: MessageInput): void => {
    const entry = { sequence: stored.length + 1, bytes: encodeMessage(message) };
    stored.push(entry);
    for (const told of refold.add(entry).told) store(told);
  };
  for (const message of [...start(), ...inOrder('0.0', plans), released('executor/0', 1), ...inOrder('0.1', plans)])
    store(message as MessageInput);
  return {
    record,
    stored,
    async *entries() {
      yield* stored;
    },
  };
}

describe('explain', () => {
  const source = sourceOf([
    right,
    { ...right, proposal: 'malformed' },
    { ...right, outcomes: [0, 0, 0, 1] },
    { ...right, repetition: 0.5 },
  ]);

  it('walks from the advantages of an episode to the rewards and messages behind them', async () => {
    const found = await explainLedger(source, '0.0.0');
    expect(found.settlement).toMatchObject({ status: 'settled' });
    expect(found.messages.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['slot', 'task', 'attempts', 'verdicts', 'rewards', 'settlement', 'batch']),
    );
    expect(found.messages.map(({ sequence }) => sequence)).toEqual(
      found.messages.map(({ sequence }) => sequence).toSorted((a, b) => a - b),
    );
    const executor = found.agents.find(({ agent }) => agent === 'executor/0');
    expect(executor).toMatchObject({ credit: ['group-normalised'], scope: 'group' });
    expect(executor?.turns.map(({ total, advantage }) => Math.sign(advantage?.value ?? 0) === (total > 0.5 ? 1 : -1))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    for (const { terms } of executor?.turns ?? []) {
      const told = terms[0]?.told;
      expect(found.messages.find(({ sequence }) => sequence === told?.sequence)).toMatchObject({ kind: 'rewards', from: 'verifier/0' });
    }
  });

  it('finds an advantage that depends on the batch in the batch, at the proposal’s own place', async () => {
    // Proposal 1 was malformed, so that proposals 2 and 3 stand at other places than their index says.
    for (const index of [0, 2, 3]) {
      const found = await explainLedger(source, `0.0.${index}`);
      const [turn] = found.agents.find(({ agent }) => agent === 'proposer/0')?.turns ?? [];
      expect(turn?.turn).toBe(index);
      expect(turn?.terms.map(({ term }) => term)).toEqual(['validity', 'learnability', 'repetition']);
      const total = turn?.terms.reduce((sum, { weight, told }) => sum + weight * (told?.value ?? 0), 0) ?? Number.NaN;
      expect(turn?.total).toBeCloseTo(total);
      expect(turn?.advantage).toMatchObject({ in: 'batch' });
    }
    const proposer = async (index: number) =>
      (await explainLedger(source, `0.0.${index}`)).agents.find(({ agent }) => agent === 'proposer/0')?.turns[0];
    const [first, third, fourth] = [await proposer(0), await proposer(2), await proposer(3)];
    const order = (one: typeof first) => [one?.total, one?.advantage?.value].map(Number);
    const sorted = [first, third, fourth].map(order).toSorted(([a = 0], [b = 0]) => a - b);
    expect(sorted.map(([, advantage]) => advantage)).toEqual(sorted.map(([, advantage]) => advantage).toSorted((a = 0, b = 0) => a - b));
  });

  it('finds the episode of a reward, and says where there is none', async () => {
    const episode = await explainLedger(source, '0.1.2');
    const rewardId = episode.agents[0]?.turns[1]?.terms[0]?.told?.rewardId ?? '';
    expect(await explainLedger(source, rewardId)).toMatchObject({
      episode: '0.1.2',
      reward: { rewardId, agent: 'executor/0', turn: 1, term: 'outcome' },
    });
    await expect(explainLedger(source, 'f'.repeat(64))).rejects.toMatchObject({ code: 'not_found' });
    await expect(explainLedger(source, '9.9.9')).rejects.toMatchObject({ code: 'not_found' });
  });
});
