import { join } from 'node:path';
import type { Message } from '@redqueen/contract';
import { randomOf, shuffled } from '@redqueen/core';
import { DeadLetters, defaultActorSettings, loadConfig, loadRecipe, systemClock, type Bus, type DeadLetterRecord } from '@redqueen/runtime';
import { collected } from '@redqueen/testkit';
import { startRoles } from '../../services/cluster.ts';
import { poisonKinds, type PoisonKind } from './kinds.ts';
import { poisonedBus, type PoisonedBus } from './subject.ts';

/** Two versions of the executor, 32 episodes each. */
const patch = {
  updates: 4,
  gate: { perArm: 1 },
  roles: { executor: { batch: 16, updatesPerVersion: 2 }, proposer: { batch: 16 }, verifier: { batch: 4 }, 'world-model': { batch: 4 } },
};

const run = 'poisoned';

/** What to do. */
export interface PoisonOptions {
  readonly bus: 'memory' | 'nats';
  /** Messages of each kind. */
  readonly each: number;
  readonly seed: number;
}

/** What came of it. */
export interface PoisonTrial {
  readonly kinds: number;
  readonly messages: number;
  /** Kinds that did not end as their table says, with why. */
  readonly wrong: readonly string[];
  /** Most failed deliveries of any message before it was dead. */
  readonly deliveries: number;
  /** Share of the good episodes that were settled. */
  readonly good: number;
  readonly episodes: number;
  /** What is wrong with the order of things told by one actor to another. */
  readonly disorder: readonly string[];
  readonly seconds: number;
}

interface Injected {
  readonly kind: PoisonKind;
  readonly sequence: number;
}

/** Puts all poison onto the stream in a seeded order, while the run is at work. */
async function poison(subject: PoisonedBus, { each, seed }: PoisonOptions): Promise<Injected[]> {
  const all = poisonKinds.flatMap((kind) => Array.from({ length: each }, (_, turn) => ({ kind, turn })));
  const injected: Injected[] = [];
  for (const { kind, turn } of shuffled(randomOf(seed, 'order of the poison'), all))
    injected.push({ kind, sequence: await subject.inject(run, kind.to, kind.bytes(run, turn)) });
  return injected;
}

function complaint({ kind, sequence }: Injected, letters: readonly DeadLetterRecord[]): string | undefined {
  const letter = letters.find((each) => each.actor === kind.to && each.sequence === sequence);
  if ('harmless' in kind.outcome) return letter && `${kind.name}: should be harmless, is dead: ${letter.cause}`;
  if (!letter) return `${kind.name}: ${kind.to} handled it, no dead letter`;
  if (!kind.outcome.dead.test(letter.cause)) return `${kind.name}: dead for another reason: ${letter.cause.slice(0, 200)}`;
  const most = defaultActorSettings.maxDeliver;
  return letter.deliveries > most ? `${kind.name}: dead only after ${letter.deliveries} deliveries` : undefined;
}

/** Resolves once every poison message that must die is dead, or the time is up: what is missing then is told by name. */
async function allDead(letters: DeadLetters, injected: readonly Injected[], timeoutMs: number): Promise<readonly DeadLetterRecord[]> {
  const until = systemClock.now() + timeoutMs;
  for (;;) {
    const known = await letters.list(run);
    const keys = new Set(known.map(({ actor, sequence }) => `${actor} ${sequence}`));
    const missing = injected.filter(({ kind, sequence }) => 'dead' in kind.outcome && !keys.has(`${kind.to} ${sequence}`));
    if (missing.length === 0 || systemClock.now() > until) return known;
    await systemClock.sleep(100);
  }
}

interface Episodes {
  readonly opened: number;
  readonly settled: number;
  readonly voided: number;
}

/** Episodes that good slots opened, and what became of them. */
function episodesOf(messages: readonly Message[]): Episodes {
  const opened = new Set(
    messages.flatMap((message) =>
      message.kind === 'slot' && message.from.role === 'curriculum'
        ? Array.from({ length: message.body.proposals }, (_, index) => `${message.body.slotId}.${index}`)
        : [],
    ),
  );
  const ended = messages.flatMap(({ kind, body }) => (kind === 'settlement' && opened.has(body.episodeId) ? [body.status] : []));
  const settled = ended.filter((status) => status === 'SETTLEMENT_STATUS_SETTLED').length;
  return { opened: opened.size, settled, voided: ended.length - settled };
}

/** The whole stream once every good episode has ended, or the time is up. */
async function whenEnded(bus: Bus, timeoutMs: number): Promise<Message[]> {
  const until = systemClock.now() + timeoutMs;
  for (;;) {
    const messages = (await collected(bus.read(run, { from: 1, follow: false }))).map(({ message }) => message);
    const { opened, settled, voided } = episodesOf(messages);
    if (settled + voided >= opened || systemClock.now() > until) return messages;
    await systemClock.sleep(250);
  }
}

/** What a single writer tells must stand in the stream as it was told: slots by number, settlements by their chain, batches by number. */
function disorderOf(messages: readonly Message[]): string[] {
  const faults: string[] = [];
  let digest = '';
  const numbers = new Map<string, number>();
  for (const { kind, body, from } of messages) {
    if (kind === 'settlement' && from.role === 'reward-aggregator') {
      if (body.previousDigest !== digest) faults.push(`the chain of settlements is broken at ${body.episodeId}`);
      digest = body.digest;
    }
    if (kind !== 'batch' || from.role !== 'reward-aggregator') continue;
    const last = numbers.get(body.agent) ?? 0;
    if (body.number !== last + 1) faults.push(`${body.agent}: batch ${body.number} comes after ${last}`);
    numbers.set(body.agent, body.number);
  }
  return faults;
}

/** Runs a small co-evolution on the real services and device, with every kind of poison thrown in among its messages, to its last update. */
export async function runPoisonTrial(options: PoisonOptions): Promise<PoisonTrial> {
  const begun = performance.now();
  await using subject = await poisonedBus(options.bus);
  const { bus } = subject;
  const cluster = await startRoles(bus);
  try {
    const { config } = loadConfig({ environment: {}, flags: {} });
    const recipe = loadRecipe('default', config.recipesFolder, { ...patch, model: join(config.policy.modelsFolder, 'starter.gguf') });
    await cluster.start(run, recipe);
    await cluster.until(run, ({ kind }) => kind === 'attempts');
    const injected = await poison(subject, options);
    await cluster.until(run, ({ kind, body }) => (kind === 'released' || kind === 'refused') && body.agent === 'executor/0' && body.last);
    const letters = await allDead(await DeadLetters.open(bus, systemClock), injected, 60_000);
    const messages = await whenEnded(bus, 60_000);
    const { opened, settled } = episodesOf(messages);
    const wrong = [...new Set(injected.map((each) => complaint(each, letters)).filter((text) => text !== undefined))];
    return {
      kinds: poisonKinds.length,
      messages: injected.length,
      wrong,
      deliveries: Math.max(...letters.map(({ deliveries }) => deliveries)),
      good: settled / opened,
      episodes: opened,
      disorder: disorderOf(messages),
      seconds: (performance.now() - begun) / 1000,
    };
  } finally {
    await cluster.close();
  }
}

/** Whether the goal is met. */
export function isMet({ wrong, good, disorder, deliveries }: PoisonTrial): boolean {
  return wrong.length === 0 && disorder.length === 0 && good >= 0.9 && deliveries <= defaultActorSettings.maxDeliver;
}
