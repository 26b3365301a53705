import { addressText, type Message } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';

/** The most samples that one message may ask for of one prompt: far above any recipe's, far below what would stop a process. */
const mostSamples = 4096;
/** The most anchors of one arm. */
const mostAnchors = 10_000;

/** Throws `invalid_argument` where a message asks for no sample, or for absurdly many. */
export function requireSamples(what: string, count: number): void {
  requireCount(what, count, 1, mostSamples);
}

/** Throws `invalid_argument` where a message asks for absurdly many anchors. */
export function requireAnchors(what: string, perArm: number, samples: number): void {
  requireCount(`${what}: per_arm`, perArm, 0, mostAnchors);
  requireCount(`${what}: samples`, samples, 0, mostSamples);
}

function requireCount(what: string, count: number, least: number, most: number): void {
  if (Number.isInteger(count) && count >= least && count <= most) return;
  throw new RedQueenError('invalid_argument', `${what}: ${count} must be a whole number from ${least} to ${most}`);
}

/** Throws `invalid_argument` for what is no temperature; absent is the recipe's. */
export function requireTemperature(what: string, temperature: number | undefined): void {
  if (temperature === undefined || (temperature >= 0 && temperature <= 100)) return;
  throw new RedQueenError('invalid_argument', `${what}: temperature ${temperature} must be from 0 to 100`);
}

/** What an actor throws that gets a message which it does not act on: somebody addressed it wrongly, and should learn of it. */
export function noUseFor({ kind, from, to }: Message, ...wanted: readonly Message['kind'][]): RedQueenError {
  return new RedQueenError(
    'invalid_argument',
    `${addressText(to)} has no use for a ${kind} message (from ${addressText(from)}); it takes ${wanted.join(', ')}`,
  );
}
