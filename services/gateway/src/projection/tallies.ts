import type { Message } from '@redqueen/contract';
import { curvePoints, emptyCurve, extendCurve, type Curve } from './curve.ts';
import { sampledCount, sampledIn, sampledTokensIn } from './sampled.ts';
import type { RunReport } from '@redqueen/core';

/** Counts of attempts, proposals, tokens and settlements. */
export interface Tallies {
  /** Tasks that the slots opened so far will yield. */
  expectedTasks: number;
  attempts: number;
  failures: Record<string, number>;
  accepted: number;
  generated: number;
  rejected: Record<string, number>;
  sampledByRole: Record<string, number>;
  trainedByAgent: Record<string, number>;
  sampledCurve: Curve;
  trainedCurve: Curve;
  settled: number;
  voided: number;
  duplicates: number;
  voidReasons: Record<string, number>;
  digest: string;
  settledAttempts: number;
  solvedAttempts: number;
}

/** All zero. */
export function emptyTallies(): Tallies {
  return {
    expectedTasks: 0,
    attempts: 0,
    failures: {},
    accepted: 0,
    generated: 0,
    rejected: {},
    sampledByRole: {},
    trainedByAgent: {},
    sampledCurve: emptyCurve(),
    trainedCurve: emptyCurve(),
    settled: 0,
    voided: 0,
    duplicates: 0,
    voidReasons: {},
    digest: '',
    settledAttempts: 0,
    solvedAttempts: 0,
  };
}

const total = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((sum, count) => sum + count, 0);

/** Tokens sampled so far by all roles, anchors left out. */
export function sampledTokens(tallies: Tallies): number {
  return total(tallies.sampledByRole);
}

/** Tokens in the batches told so far. */
export function trainedTokens(tallies: Tallies): number {
  return total(tallies.trainedByAgent);
}

/** Tasks that were ordered and have not come yet. */
export function pendingTasks(tallies: Tallies): number {
  return Math.max(0, tallies.expectedTasks - tallies.accepted - tallies.generated);
}

function add(counts: Record<string, number>, key: string, amount: number): void {
  counts[key] = (counts[key] ?? 0) + amount;
}

function countSampled(tallies: Tallies, message: Message, seconds: number): void {
  const sampled = sampledIn(message);
  if (!sampled) return;
  add(tallies.sampledByRole, sampled.role, sampledTokensIn(sampled));
  extendCurve(tallies.sampledCurve, seconds, sampledTokens(tallies));
}

/** "FAILURE_CLASS_INFRA_ERROR" → "infra-error". */
function failureName(failure: string): string {
  return failure.replace('FAILURE_CLASS_', '').toLowerCase().replaceAll('_', '-');
}

function foldSettlement(tallies: Tallies, body: Extract<Message, { kind: 'settlement' }>['body']): void {
  tallies.duplicates += body.duplicates;
  tallies.digest = body.digest;
  if (body.status === 'SETTLEMENT_STATUS_VOID') {
    tallies.voided++;
    add(tallies.voidReasons, body.reason || 'no reason given', 1);
    return;
  }
  tallies.settled++;
  tallies.settledAttempts += body.attempts;
  tallies.solvedAttempts += body.solved;
}

/** Folds one message in. */
export function foldTallies(tallies: Tallies, message: Message, seconds: number): void {
  countSampled(tallies, message, seconds);
  switch (message.kind) {
    case 'slot':
      tallies.expectedTasks += message.body.proposals;
      return;
    case 'task':
      if (message.body.spec?.origin === 'proposer') tallies.accepted++;
      else tallies.generated++;
      return;
    case 'rejected':
      add(tallies.rejected, message.body.reason, 1);
      return;
    case 'attempts':
      for (const { failure } of message.body.group?.samples ?? []) {
        tallies.attempts++;
        add(tallies.failures, failureName(failure), 1);
      }
      return;
    case 'batch':
      for (const group of message.body.groups)
        for (const sample of group.samples) add(tallies.trainedByAgent, message.body.agent, sampledCount(sample));
      extendCurve(tallies.trainedCurve, seconds, trainedTokens(tallies));
      return;
    case 'settlement':
      foldSettlement(tallies, message.body);
      return;
    default:
  }
}

/** The counts' part of the report. */
export function tallyReport(tallies: Tallies): Pick<RunReport, 'attempts' | 'proposals' | 'tokens' | 'settlements'> {
  const { settled, voided, duplicates, voidReasons, digest, accepted, rejected, generated, sampledByRole, trainedByAgent } = tallies;
  return {
    attempts: { sampled: tallies.attempts, settled: tallies.settledAttempts, solved: tallies.solvedAttempts, failures: tallies.failures },
    proposals: { accepted, rejected, generated },
    tokens: {
      sampledByRole,
      sampled: sampledTokens(tallies),
      trainedByAgent,
      trained: trainedTokens(tallies),
      sampledCurve: curvePoints(tallies.sampledCurve),
      trainedCurve: curvePoints(tallies.trainedCurve),
    },
    settlements: { settled, voided, duplicates, voidReasons, digest },
  };
}
