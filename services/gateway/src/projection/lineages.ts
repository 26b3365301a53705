import type { Message, Body } from '@redqueen/contract';
import type { AgentReport, HeldOutLook, LineageMark } from '@redqueen/core';
import { curvePoints, emptyCurve, extendCurve, type Curve } from './curve.ts';
import { measuredFigures } from './figures.ts';

/** What is known of one agent's lineage. */
export interface AgentLineage {
  agent: string;
  /** The released version; −1 before the first. */
  version: number;
  adapterHash: string;
  updates: number;
  batches: number;
  released: number;
  refused: number;
  rolledBack: number;
  /** True once the agent has made all the updates of the run. */
  last: boolean;
  marks: LineageMark[];
  canaryDifference: number;
  gradientNorm: Curve;
  entropy: Curve;
}

/** Lineages by agent, and the moment of the first update of all. */
export interface Lineages {
  agents: Map<string, AgentLineage>;
  firstUpdateSeconds: number | undefined;
}

/** Most marks that are kept of an agent. */
const markLimit = 400;

/** Nothing known yet. */
export function emptyLineages(): Lineages {
  return { agents: new Map(), firstUpdateSeconds: undefined };
}

/** The lineage of an agent; one without versions where nothing was told of it yet. */
export function lineageOf(lineages: Lineages, agent: string): AgentLineage {
  let lineage = lineages.agents.get(agent);
  if (!lineage) {
    lineage = {
      agent,
      version: -1,
      adapterHash: '',
      updates: 0,
      batches: 0,
      released: 0,
      refused: 0,
      rolledBack: 0,
      last: false,
      marks: [],
      canaryDifference: 0,
      gradientNorm: emptyCurve(),
      entropy: emptyCurve(),
    };
    lineages.agents.set(agent, lineage);
  }
  return lineage;
}

function foldCandidate(lineages: Lineages, body: Body<'candidate'>, seconds: number): void {
  const lineage = lineageOf(lineages, body.agent);
  lineages.firstUpdateSeconds ??= seconds;
  lineage.updates = Math.max(lineage.updates, body.updates);
  lineage.canaryDifference = Math.max(lineage.canaryDifference, body.canaryDifference);
  if (!body.stats) return;
  extendCurve(lineage.gradientNorm, seconds, body.stats.gradientNorm);
  extendCurve(lineage.entropy, seconds, body.stats.entropy);
}

function mark(lineage: AgentLineage, entry: LineageMark): void {
  lineage.marks.push(entry);
  if (lineage.marks.length > markLimit) lineage.marks.splice(1, lineage.marks.length - markLimit);
}

function foldReleased(lineages: Lineages, body: Body<'released'>, seconds: number): void {
  const lineage = lineageOf(lineages, body.agent);
  const event = body.reason === 'rollback' ? 'rolled-back' : body.reason === 'promote' ? 'promoted' : 'released';
  lineage.version = body.version;
  lineage.adapterHash = body.adapterHash;
  lineage.updates = Math.max(lineage.updates, body.updates);
  lineage.last ||= body.last;
  if (event === 'rolled-back') lineage.rolledBack++;
  // Version 0 is where everybody starts; it is no achievement.
  else if (body.reason !== 'start') lineage.released++;
  const { version, sourceVersion, reason, updates, adapterHash, passToFail, failToPass } = body;
  mark(lineage, {
    event,
    version,
    sourceVersion,
    reason,
    seconds,
    updates,
    adapterHash,
    passToFail,
    failToPass,
    figures: measuredFigures(body.figures),
  });
}

function foldRefused(lineages: Lineages, body: Body<'refused'>, seconds: number): void {
  const lineage = lineageOf(lineages, body.agent);
  lineage.refused++;
  lineage.updates = Math.max(lineage.updates, body.updates);
  lineage.last ||= body.last;
  const { version, reason, updates, adapterHash, passToFail, failToPass } = body;
  const figures = measuredFigures(body.figures);
  mark(lineage, {
    event: 'refused',
    version,
    sourceVersion: version,
    reason,
    seconds,
    updates,
    adapterHash,
    passToFail,
    failToPass,
    figures,
  });
}

/** Folds one message in. */
export function foldLineages(lineages: Lineages, message: Message, seconds: number): void {
  if (message.kind === 'candidate') foldCandidate(lineages, message.body, seconds);
  else if (message.kind === 'released') foldReleased(lineages, message.body, seconds);
  else if (message.kind === 'refused') foldRefused(lineages, message.body, seconds);
  else if (message.kind === 'batch') lineageOf(lineages, message.body.agent).batches++;
}

/** The agent's part of the report. */
export function agentReport(lineage: AgentLineage, heldOut: readonly HeldOutLook[]): AgentReport {
  const { agent, adapterHash, updates, batches, released, refused, rolledBack, marks, canaryDifference } = lineage;
  return {
    agent,
    role: agent.split('/')[0] ?? agent,
    version: Math.max(0, lineage.version),
    adapterHash,
    updates,
    batches,
    released,
    refused,
    rolledBack,
    marks,
    heldOut,
    canaryDifference,
    gradientNorm: curvePoints(lineage.gradientNorm),
    entropy: curvePoints(lineage.entropy),
  };
}
