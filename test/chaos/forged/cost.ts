// node test/chaos/forged/cost.ts [--json]: what signing costs a bundle and a reward, in CPU time of one thread, beside what else is done to a bundle.
import { createPublicKey } from 'node:crypto';
import { parseArgs } from 'node:util';
import { encodeMessage, decodeMessage, type Rewards, type RewardsInput } from '@redqueen/contract';
import { addresses, agents, isSignedBundle, rewardsOf, signBundle } from '@redqueen/runtime';
import { keyFrom } from './honest.ts';

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const rounds = 3000;
const key = keyFrom('cost');
const publicKey = createPublicKey(key);

/** What the verifier tells of a task with eight attempts, two of them judged. */
function verifierBundle(): RewardsInput {
  const outcomes = Array.from({ length: 8 }, (_, turn) => ({
    agent: agents.executor,
    turn,
    term: 'outcome',
    value: turn % 2,
    evidence: '"82" right',
  }));
  const briers = [1, 4].map((turn) => ({ agent: agents.verifier, turn, term: 'brier', value: 0.8123, evidence: 'o=1 c=0.5668' }));
  const learnability = { agent: agents.proposer, turn: 2, term: 'learnability', value: 1, evidence: '4 of 8 attempts right' };
  return rewardsOf({ run: 'run', episode: '12.3.2', teller: agents.verifier }, [...outcomes, learnability, ...briers]);
}

/** Microseconds of CPU time a call. */
function microseconds(work: () => unknown): number {
  for (let round = 0; round < rounds / 10; round++) work();
  const began = process.cpuUsage();
  for (let round = 0; round < rounds; round++) work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / rounds;
}

const body = verifierBundle();
const envelope = {
  id: 'm',
  run: 'run',
  from: addresses.verifier,
  to: addresses.rewardAggregator,
  cause: '',
  traceparent: '',
  kind: 'rewards',
} as const;
const bytes = encodeMessage({ ...envelope, body: signBundle('run', body, key) });
const received = decodeMessage(bytes).body as Rewards;
const rewards = received.rewards.length;
const costs = {
  'make its reward ids': microseconds(verifierBundle),
  sign: microseconds(() => signBundle('run', body, key)),
  verify: microseconds(() => isSignedBundle('run', received, publicKey)),
  encode: microseconds(() => encodeMessage({ ...envelope, body })),
  decode: microseconds(() => decodeMessage(bytes)),
};
if (values.json) console.log(JSON.stringify({ rewards, bytes: bytes.length, microseconds: costs }));
else {
  console.log(`a bundle of ${rewards} rewards, ${bytes.length} bytes on the wire; CPU time on one thread`);
  for (const [what, cost] of Object.entries(costs))
    console.log(`  ${what}: ${cost.toFixed(0)} µs a bundle, ${(cost / rewards).toFixed(1)} µs a reward`);
}
