import { encodeMessage, type Message, type ToldInput } from '@redqueen/contract';
import { describe, expect, it } from 'vitest';
import { told } from '../../../services/gateway/src/projection/builders.ts';
import { InteractionAudit } from './interactions.ts';

const spec = { environment: 'arithmetic', family: 'add', level: 1, canonical: '1+1', origin: 'generator' };
const sample = (text: string) => ({ tokens: [1], logProbs: [-0.5], text, failure: 'FAILURE_CLASS_OK' as const });
const group = { prompt: '1+1=', promptTokens: [1], samples: [sample('2'), sample('3')] };
const settlement = (change: object = {}): ToldInput => ({
  kind: 'settlement',
  body: {
    episodeId: '0.0.0',
    slotId: '0.0',
    status: 'SETTLEMENT_STATUS_SETTLED',
    spec,
    attempts: 2,
    solved: 1,
    digest: 'd1',
    index: 1,
    totals: [{ agent: 'executor/0', totals: [1, 0], advantages: [1, -1], turns: [0, 1] }],
    ...change,
  },
});

/** One task from its slot to a version that has learned from it, by name so that a test can leave one out, say it twice or change it. */
const whole: Readonly<Record<string, readonly [string, string, ToldInput]>> = {
  slot: ['curriculum/0', 'proposer/0', { kind: 'slot', body: { slotId: '0.0', proposals: 1, attempts: 2 } }],
  task: ['proposer/0', 'executor/0', { kind: 'task', body: { taskId: '0.0.0', slotId: '0.0', index: 0, spec, attempts: 2 } }],
  attempts: ['executor/0', 'verifier/0', { kind: 'attempts', body: { taskId: '0.0.0', slotId: '0.0', spec, group } }],
  verdicts: ['verifier/0', 'reward-aggregator/0', { kind: 'verdicts', body: { taskId: '0.0.0', verdicts: [] } }],
  settlement: ['reward-aggregator/0', 'curriculum/0', settlement()],
  batch: ['reward-aggregator/0', 'policy/0', { kind: 'batch', body: { agent: 'executor/0', number: 1, settlementDigests: ['d1'] } }],
  candidate: ['policy/0', 'policy/0', { kind: 'candidate', body: { agent: 'executor/0', version: 1, updates: 1, consumedBatches: 1 } }],
  released: ['policy/0', 'curriculum/0', { kind: 'released', body: { agent: 'executor/0', version: 1 } }],
};

function messagesOf(told_: typeof whole): Message[] {
  return Object.entries(told_).map(([name, [from, to, body]]) => told(name, from, to, body));
}

function auditOf(messages: readonly Message[]) {
  const audit = new InteractionAudit();
  for (const [index, message] of messages.entries())
    audit.add({ message, bytes: encodeMessage(message), sequence: index + 1, storedAt: index });
  return { audit, ...audit.findings() };
}

describe('the books of a run', () => {
  it('are in order where everything came once', () => {
    const { audit, lost, twice, wrong } = auditOf(messagesOf(whole));
    expect({ lost, twice, wrong, open: audit.open }).toEqual({ lost: [], twice: [], wrong: [], open: [] });
    expect(audit.counts).toMatchObject({ tasks: 1, settled: 1, batches: 1, candidates: 1 });
    expect(audit.times).toEqual({ settlements: [4], commits: [6, 7] });
  });

  it.each(['task', 'attempts', 'verdicts', 'settlement', 'released'])('miss a lost %s', (name) => {
    const { [name]: _, ...rest } = whole;
    expect(auditOf(messagesOf(rest)).lost).not.toEqual([]);
  });

  it.each(Object.keys(whole))('see a %s that is stored twice', (name) => {
    const messages = messagesOf(whole);
    const again = messages.find(({ id }) => id === name) as Message;
    expect(auditOf([...messages, again]).twice).toContain(`${again.kind} message ${name} is stored twice`);
  });

  it.each(['task', 'attempts', 'verdicts', 'settlement', 'batch', 'candidate', 'released'])(
    'see a %s that is told again under another id',
    (name) => {
      const messages = messagesOf(whole);
      const again = { ...(messages.find(({ id }) => id === name) as Message), id: 'other' };
      expect(auditOf([...messages, again]).twice).not.toEqual([]);
    },
  );

  it.each([
    ['paid for a wrong answer', 'settlement', settlement({ totals: [{ agent: 'executor/0', totals: [0, 1], turns: [0, 1] }] })],
    ['with an attempt too many', 'settlement', settlement({ attempts: 3 })],
    ['out of the chain', 'settlement', settlement({ previousDigest: 'elsewhere' })],
    ['void without a reason', 'settlement', settlement({ status: 'SETTLEMENT_STATUS_VOID', reason: '' })],
    ['trained on unsettled work', 'batch', { kind: 'batch', body: { agent: 'executor/0', number: 1, settlementDigests: ['d9'] } }],
    [
      'trained on untold batches',
      'candidate',
      { kind: 'candidate', body: { agent: 'executor/0', version: 1, updates: 2, consumedBatches: 2 } },
    ],
  ] as const)('see what is wrong: %s', (_, name, body) => {
    const [from, to] = whole[name] as (typeof whole)[string];
    expect(auditOf(messagesOf({ ...whole, [name]: [from, to, body as ToldInput] })).wrong).not.toEqual([]);
  });

  it('count an update that was made twice, a batch that holds a settlement again, and an episode that expired', () => {
    const twiceTrained: ToldInput = { kind: 'candidate', body: { agent: 'executor/0', version: 1, updates: 2, consumedBatches: 1 } };
    expect(auditOf(messagesOf({ ...whole, candidate: ['policy/0', 'policy/0', twiceTrained] })).twice).toHaveLength(1);
    const again: ToldInput = { kind: 'batch', body: { agent: 'executor/0', number: 2, settlementDigests: ['d1'] } };
    expect(auditOf(messagesOf({ ...whole, again: ['reward-aggregator/0', 'policy/0', again] })).twice).toHaveLength(1);
    const expired = settlement({ status: 'SETTLEMENT_STATUS_VOID', reason: 'expired: the verdicts never came' });
    expect(auditOf(messagesOf({ ...whole, settlement: ['reward-aggregator/0', 'curriculum/0', expired] })).lost).toHaveLength(1);
  });
});
