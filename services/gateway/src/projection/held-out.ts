import type { Message } from '@redqueen/contract';
import type { HeldOutLook } from '@redqueen/core';
import { measuredArms, measuredFigures } from './figures.ts';
import type { Lineages } from './lineages.ts';
import { lineageOf } from './lineages.ts';

/** A question to a role's actor about the report anchors. */
export interface AnchorRequest {
  readonly anchorId: string;
  readonly agent: string;
  readonly point: string;
  readonly version: number;
  readonly seconds: number;
  /** When it was asked, milliseconds since the epoch. */
  readonly askedAt: number;
  readonly updates: number;
  answered: boolean;
}

/** Looks at the report anchors, asked and answered. */
export interface HeldOut {
  requests: Map<string, AnchorRequest>;
  /** By agent, in the order of asking. */
  looks: Map<string, HeldOutLook[]>;
}

/** No look yet. */
export function emptyHeldOut(): HeldOut {
  return { requests: new Map(), looks: new Map() };
}

/** The id of a report anchor task: it says the point and the role, so that a gateway which starts again finds what it asked. */
export function anchorIdOf(run: string, point: string, agent: string): string {
  return `${run}:report:${point}:${agent}`;
}

function pointOf(anchorId: string): string {
  return anchorId.split(':')[2] ?? anchorId;
}

/** Purposes of the looks that are reported. */
const lookPurposes: ReadonlySet<string> = new Set(['ANCHOR_PURPOSE_REPORT', 'ANCHOR_PURPOSE_DEVELOP']);

/** Folds one message in. The gate's anchors and cross-play are none of its business. */
export function foldHeldOut(
  heldOut: HeldOut,
  lineages: Lineages,
  message: Message,
  { seconds, at }: { readonly seconds: number; readonly at: number },
): void {
  if (message.kind === 'anchorTask' && lookPurposes.has(message.body.purpose)) {
    const { anchorId, agent, version } = message.body;
    if (heldOut.requests.has(anchorId)) return;
    const updates = lineageOf(lineages, agent).updates;
    heldOut.requests.set(anchorId, { anchorId, agent, point: pointOf(anchorId), version, seconds, askedAt: at, updates, answered: false });
  }
  if (message.kind === 'anchorResult') {
    const request = heldOut.requests.get(message.body.anchorId);
    if (!request || request.answered) return;
    request.answered = true;
    const { agent, point, version, updates } = request;
    const { figures, arms, anchorsHash } = message.body;
    const looks = heldOut.looks.get(agent) ?? [];
    // A look belongs to the moment at which it was asked for: that is when the version was the released one.
    looks.push({
      point,
      seconds: request.seconds,
      updates,
      version,
      figures: measuredFigures(figures),
      arms: measuredArms(arms),
      anchorsHash,
    });
    looks.sort((a, b) => a.seconds - b.seconds);
    heldOut.looks.set(agent, looks);
  }
}
