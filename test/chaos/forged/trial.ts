import type { Message } from '@redqueen/contract';
import type { Bus } from '@redqueen/runtime';
import { rulesOf } from '../../../services/reward-aggregator/src/rules.ts';
import type { Refusal } from '../../../services/reward-aggregator/src/fold/work.ts';
import { foldAll } from '../../../services/reward-aggregator/src/test-support.ts';
import { forgeriesOf, withForgeries, type Forgery } from './forgeries.ts';
import { honestRun } from './honest.ts';
import { playOver } from './play.ts';

/** What became of the forgeries. */
export interface ForgedTrial {
  readonly tries: number;
  /** Forged bundles of which a reward counted: how each was forged, and its id. */
  readonly accepted: readonly string[];
  /** Forged bundles that the log does not mention, or with a code that is not the one for what is wrong with them. */
  readonly unexplained: readonly string[];
  /** Settlements of the run without forgeries. */
  readonly settlements: number;
  /** How many of them are missing, other or more with the forgeries. */
  readonly changed: number;
  /** Forged bundles by the code that was logged. */
  readonly codes: Readonly<Record<string, number>>;
  /** Forged bundles by what was forged. */
  readonly ways: Readonly<Record<string, number>>;
}

/** Whether nothing was accepted or changed, and all of it logged with the right code. */
export function isMet({ accepted, unexplained, changed }: ForgedTrial): boolean {
  return accepted.length === 0 && unexplained.length === 0 && changed === 0;
}

function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names.toSorted()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** Refusals by the message that they are about. */
type ByMessage = ReadonlyMap<string, readonly Refusal[]>;

/** Refusals of the forged bundle: at once, or where it joins to nothing when its episode closes; it alone names its turn. */
function refusalsOf({ message }: Forgery, refusals: ByMessage): readonly Refusal[] {
  const own = refusals.get(message.id);
  if (own || message.kind !== 'rewards') return own ?? [];
  const { episodeId, rewards } = message.body;
  const isMeant = ({ reason, episode, turn }: Refusal) =>
    reason === 'unjoined' && episode === episodeId && rewards.some((reward) => reward.turn === turn);
  return [...refusals.values()].flat().filter(isMeant);
}

function isAccepted(forgery: Forgery, refusals: ByMessage): boolean {
  const rewards = forgery.message.kind === 'rewards' ? forgery.message.body.rewards.length : 0;
  const refused = refusalsOf(forgery, refusals).reduce((sum, one) => sum + one.rewards, 0);
  return refused < rewards;
}

function isExplained(forgery: Forgery, logged: ByMessage): boolean {
  const refusals = refusalsOf(forgery, logged);
  return refusals.length > 0 && refusals.every(({ reason }) => forgery.codes.includes(reason));
}

function differences(one: readonly string[], other: readonly string[]): number {
  return one.filter((digest, index) => digest !== other[index]).length + Math.max(0, other.length - one.length);
}

/** How many forgeries, in how long a run. */
export interface TrialOptions {
  readonly tries: number;
  /** Slots of the honest run, four proposals each. */
  readonly slots: number;
  readonly seed: number;
  /** Whether the run's record names no keys: what the forgeries come to where nothing is signed. */
  readonly isUnsigned?: boolean;
}

/**
 * Plays an honest run with forged bundles strewn in to the real aggregator over a bus. What counted is read from the run's stream by the fold, what was
 * logged from the aggregator's log.
 */
export async function runForgedTrial(bus: Bus, { tries, slots, seed, isUnsigned = false }: TrialOptions): Promise<ForgedTrial> {
  const honest = honestRun(slots, seed);
  const { rewardKeys: _, ...unsigned } = honest.record;
  const record = isUnsigned ? unsigned : honest.record;
  const forgeries = forgeriesOf(honest, tries, seed);
  const { stream, logged } = await playOver(bus, record, withForgeries(honest.stream, forgeries), honest.digests.length);
  const digests = stream.flatMap((message: Message) => (message.kind === 'settlement' ? [message.body.digest] : []));
  const rules = rulesOf(record);
  const folded = new Map<string, readonly Refusal[]>();
  let state: ReturnType<typeof foldAll>['state'] | undefined;
  for (const message of stream) {
    const next = foldAll([message], rules, state);
    state = next.state;
    if (next.refusals.length > 0) folded.set(message.id, next.refusals);
  }
  const named = ({ way, message }: Forgery) => `${way} (${message.id})`;
  return {
    tries: forgeries.length,
    accepted: forgeries.filter((forgery) => isAccepted(forgery, folded)).map(named),
    unexplained: forgeries.filter((forgery) => !isExplained(forgery, logged)).map(named),
    settlements: honest.digests.length,
    changed: differences(honest.digests, digests),
    codes: tally(forgeries.flatMap((forgery) => refusalsOf(forgery, logged)[0]?.reason ?? [])),
    ways: tally(forgeries.map(({ way }) => way)),
  };
}
