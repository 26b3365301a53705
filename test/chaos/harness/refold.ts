// node refold.ts NATS_URL RUN SEQUENCE: folds a run's stream from its first message in a process of its own and prints what it comes to, as one line of JSON.
import { hash } from 'node:crypto';
import { decodeMessage, encodeMessage, type Message } from '@redqueen/contract';
import { createNatsBus, Runs, silentLogger, systemClock } from '@redqueen/runtime';
import { toldMessages } from '../../../packages/runtime/src/actors/context.ts';
import { fold } from '../../../services/reward-aggregator/src/fold/fold.ts';
import { initialState, type State } from '../../../services/reward-aggregator/src/fold/state.ts';
import { rulesOf } from '../../../services/reward-aggregator/src/rules.ts';
import type { Refolded } from './refolded.ts';

const aggregator = { role: 'reward-aggregator', key: '0' };
const bodyHash = (message: Message): string => hash('sha256', JSON.stringify(message.body));

function summary(state: State, mismatches: readonly string[]): Refolded {
  return {
    digest: state.chain.digest,
    settled: state.settled,
    voided: state.voided,
    open: state.episodes.size,
    duplicates: state.rewards.duplicates,
    late: state.rewards.late,
    refused: state.rewards.refused,
    batches: Object.fromEntries([...state.pools].map(([agent, pool]) => [agent, pool.number])),
    mismatches: mismatches.slice(0, 20),
  };
}

const [url = '', run = '', last = ''] = process.argv.slice(2);
await using bus = await createNatsBus({ url, name: 'refold', clock: systemClock, logger: silentLogger });
const record = await (await Runs.open(bus)).get(run);
if (!record) throw new Error(`run ${run} has no record`);
const rules = rulesOf(record);
let state = initialState();
/** What this fold tells and the stream has not shown, and the other way round, by message id. */
const [mine, theirs] = [new Map<string, string>(), new Map<string, string>()];
const mismatches: string[] = [];

function pair(own: Map<string, string>, other: Map<string, string>, message: Message): void {
  const counterpart = other.get(message.id);
  if (counterpart === undefined) own.set(message.id, bodyHash(message));
  else if (counterpart !== bodyHash(message)) mismatches.push(`${message.kind} ${message.id} is told otherwise`);
  other.delete(message.id);
}

for await (const { message, sequence } of bus.read(run, { from: 1, follow: false })) {
  if (sequence > Number(last)) break;
  if (message.from.role === aggregator.role && message.kind !== 'expired') pair(theirs, mine, message);
  const folded = fold(rules, state, message);
  state = folded.state;
  for (const told of toldMessages(aggregator, message, folded.tells)) pair(mine, theirs, decodeMessage(encodeMessage(told)));
}
for (const [id] of mine) mismatches.push(`${id} should have been told`);
for (const [id] of theirs) mismatches.push(`${id} should not have been told`);
process.stdout.write(`${JSON.stringify(summary(state, mismatches))}\n`);
