import { encodeMessage, type Message, type MessageInput } from '@redqueen/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inOrder, recordWith, released, start, type Plan } from '../test-support.ts';
import { canonicalDigest } from './canonical.ts';
import { Refold } from './refold.ts';
import { replayLedger } from './replay.ts';
import type { LedgerEntry, LedgerSource } from './source.ts';
import { verifyLedger } from './verify.ts';

const plan: Plan = { proposal: 'valid', outcomes: [1, 0, 0, 1], confidences: [0.8, 0.3], predictions: [[1, 0]] };
const plans: Plan[] = [plan, { ...plan, proposal: 'malformed' }, { ...plan, outcomes: [0, 0, 0, 1] }, plan];
const record = recordWith();

/** The stream as a run leaves it: what the aggregator tells stands after what it told it of. */
function ledgerOf(inputs: readonly Message[]): LedgerEntry[] {
  const refold = new Refold({ record });
  const entries: LedgerEntry[] = [];
  const store = (message: MessageInput): void => {
    const bytes = encodeMessage(message);
    const entry = { sequence: entries.length + 1, bytes };
    entries.push(entry);
    for (const told of refold.add(entry).told) store(told);
  };
  for (const message of inputs) store(message as MessageInput);
  return entries;
}

const inputs = [...start(), ...inOrder('0.0', plans), released('executor/0', 1), ...inOrder('0.1', plans), ...inOrder('0.2', plans)];
const ledger = ledgerOf(inputs);
const sourceOf = (entries: readonly LedgerEntry[], more: Partial<LedgerSource> = {}): LedgerSource => ({
  record,
  async *entries() {
    yield* entries;
  },
  ...more,
});

/** Position and digest of a place in the ledger, as the second place notes it. */
function headAt(sequence: number) {
  const refold = new Refold({ record });
  for (const entry of ledger.slice(0, sequence)) refold.add(entry);
  const { index, digest } = refold.state.chain;
  return { run: record.run, startedAt: 0, epoch: 1, ...refold.position, settlement: index, settlementDigest: digest };
}

describe('verify', () => {
  it('finds nothing wrong with a whole ledger, and counts what is in it', async () => {
    const found = await verifyLedger(sourceOf(ledger, { head: headAt(ledger.length) }));
    expect(found).toMatchObject({ messages: ledger.length, voided: 0, untold: 0, head: { sequence: ledger.length } });
    expect(found.fault).toBeUndefined();
    expect(found.settled).toBeGreaterThan(20);
    expect(found.batches['executor/0']).toBe(3);
  });

  it('names every flipped bit, whatever it hits', async () => {
    const head = headAt(ledger.length);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(ledger.length - 1),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.nat(7),
        async (place, where, bit) => {
          const entry = ledger[place] as LedgerEntry;
          const bytes = Buffer.from(entry.bytes);
          const byte = Math.floor(where * bytes.length);
          bytes[byte] = (bytes[byte] as number) ^ (1 << bit);
          const flipped = ledger.with(place, { ...entry, bytes });
          expect((await verifyLedger(sourceOf(flipped, { head }))).fault?.sequence).toBeGreaterThanOrEqual(entry.sequence);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('names missing messages, in the middle by the store alone and at the end by the second place', async () => {
    const gap = await verifyLedger(sourceOf(ledger.filter(({ sequence }) => sequence < 20 || sequence > 22)));
    expect(gap).toMatchObject({
      messages: 19,
      fault: { sequence: 20, what: expect.stringContaining('messages 20 to 22 missing') as string },
    });
    const cut = await verifyLedger(sourceOf(ledger.slice(0, -5), { head: headAt(ledger.length) }));
    expect(cut.fault).toEqual({
      sequence: ledger.length - 4,
      what: `the ledger ends here, although messages up to ${ledger.length} were stored`,
    });
  });

  it('refuses a settlement that follows from nothing, and one that was made up in place of the true one', async () => {
    const place = ledger.findLastIndex(({ bytes }) => Buffer.from(bytes).includes('SETTLED') || decoded(bytes).kind === 'settlement');
    const settlement = decoded((ledger[place] as LedgerEntry).bytes);
    const forged = encodeMessage({ ...settlement, id: 'forged' } as MessageInput);
    const before = await verifyLedger(sourceOf(ledger.with(place, { sequence: place + 1, bytes: forged })));
    expect(before.fault).toEqual({ sequence: place + 1, what: 'the settlement follows from no message before it' });
    if (settlement.kind !== 'settlement') throw new Error('no settlement');
    const body = { ...settlement.body, attempts: settlement.body.attempts + 1 };
    const other = encodeMessage({ ...settlement, body } as MessageInput);
    const changed = await verifyLedger(sourceOf(ledger.with(place, { sequence: place + 1, bytes: other })));
    expect(changed.fault?.what).toContain('does not have its digest');
  });

  it('takes a run that was cut off before it told everything as whole, and says how much is untold', async () => {
    const place = ledger.findLastIndex(({ bytes }) => decoded(bytes).kind === 'settlement');
    const cut = await verifyLedger(sourceOf(ledger.slice(0, place)));
    expect(cut.fault).toBeUndefined();
    expect(cut.untold).toBeGreaterThan(0);
  });

  it('takes a retried dead letter of the aggregator’s for what it is', async () => {
    const settlement = decoded((ledger.find(({ bytes }) => decoded(bytes).kind === 'settlement') as LedgerEntry).bytes);
    const retried = encodeMessage({ ...settlement, id: `${settlement.id}.retry`, cause: settlement.id } as MessageInput);
    expect((await verifyLedger(sourceOf([...ledger, { sequence: ledger.length + 1, bytes: retried }]))).fault).toBeUndefined();
  });
});

function decoded(bytes: Uint8Array): Message {
  const { message } = new Refold({ record }).add({ sequence: 1, bytes });
  if (!message) throw new Error('no message');
  return message;
}

describe('replay', () => {
  it('gives the same digests from the first message and from any snapshot', async () => {
    const whole = await replayLedger(sourceOf(ledger));
    expect(whole).toMatchObject({ messages: ledger.length });
    for (const every of [1, 7, 50]) expect(await replayLedger(sourceOf(ledger), every)).toEqual(whole);
    expect(await replayLedger(sourceOf(ledger.slice(0, -1)))).not.toEqual(whole);
  });
});

describe('the canonical form', () => {
  it('is equal for equal data in any order of keys, and different for any other', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (data) => {
        const turned = Object.fromEntries(Object.entries(data).toReversed());
        expect(canonicalDigest(turned)).toBe(canonicalDigest(data));
        expect(canonicalDigest({ ...data, more: 1 })).not.toBe(canonicalDigest({ ...data, more: '1' }));
      }),
    );
    const different = [
      0,
      -0,
      Number.NaN,
      '0',
      [0],
      new Map([[0, 0]]),
      { 0: 0 },
      new Uint32Array([0]),
      new Float32Array([0]),
      null,
      undefined,
      [],
      [undefined],
    ];
    expect(new Set(different.map((one) => canonicalDigest(one))).size).toBe(different.length);
    expect(canonicalDigest({ a: 1, b: undefined })).toBe(canonicalDigest({ a: 1 }));
    expect(() => canonicalDigest(() => 0)).toThrow('function is no data');
  });
});
