import { addressText } from '@redqueen/contract';
import { DeadLetters } from '@redqueen/runtime';
import type { State } from '../../../services/reward-aggregator/src/fold/state.ts';
import type { Scene } from '../schedule.ts';
import { checkFolds } from './folds.ts';
import { checkLedger, type Oracle } from './ledger.ts';
import { toldBy, readStream, type Stream } from './stream.ts';
import { checkTrainer } from './trainer.ts';

/** The checks once a cluster has come to rest. Without an oracle the stream itself is going to be one. */
export async function checkEnd(scene: Scene, oracle: Oracle | undefined): Promise<Stream> {
  const stream = readStream(scene);
  if (oracle) checkLedger(scene, stream, oracle);
  checkIds(scene, stream);
  checkOrder(scene, stream);
  checkFinished(scene, stream);
  scene.witness.checkNothingInFlight();
  await checkFolds(scene, stream);
  await checkTrainer(scene, stream);
  await checkDeadLetters(scene);
  return stream;
}

/** Nobody tells an id twice, however long the bus remembers it (A3). */
function checkIds({ witness }: Scene, { all, firsts }: Stream): void {
  if (all.length === firsts.length) return;
  const places = new Map<string, number>();
  for (const { message, sequence } of all) {
    const first = places.get(message.id);
    if (first !== undefined && !witness.repeated.has(message.id))
      return witness.violate('A3', `message ${first} was told again at ${sequence}`);
    places.set(message.id, sequence);
  }
}

/** What a pool actor tells because of one message lies in the order in which it told it (A6). */
function checkOrder({ witness }: Scene, { firsts }: Stream): void {
  const last = new Map<string, { readonly index: number; readonly sequence: number }>();
  for (const { message, sequence } of firsts) {
    const index = Number(message.id.slice(message.id.lastIndexOf('.') + 1));
    if (message.cause === '' || !Number.isInteger(index)) continue;
    const key = `${message.cause} ${addressText(message.from)}`;
    const before = last.get(key);
    if (before && before.index > index)
      witness.violate('A6', `${addressText(message.from)} told ${message.id} only after number ${before.index}`);
    last.set(key, { index, sequence });
  }
}

/** The run came to its end and nothing waits for anything. */
function checkFinished({ witness, cluster, record }: Scene, stream: Stream): void {
  const ends = [...toldBy(stream, 'policy/0', 'released'), ...toldBy(stream, 'policy/0', 'refused')];
  if (!ends.some(({ body }) => body.agent === 'executor/0' && body.last))
    witness.violate('rest', `the run never made its ${record.updates} updates`);
  const states = cluster.of('reward-aggregator').map(({ host }) => host?.state() as State | undefined);
  const active = states.find((state) => state !== undefined);
  if (!active) return witness.violate('rest', 'no reward aggregator is at work');
  if (active.episodes.size > 0) witness.violate('settled once', `episodes ${[...active.episodes.keys()].join(', ')} are still open`);
}

/** Every message that nobody can handle is a dead letter, once, and no other is (A5). */
async function checkDeadLetters({ bus, letters, record, witness, scheduler }: Scene): Promise<void> {
  const clock = { now: () => scheduler.now, sleep: () => Promise.resolve() };
  const dead = await (await DeadLetters.open(bus, clock)).list(record.run);
  const found = dead.map(({ actor, sequence }) => `${actor} #${sequence}`).sort();
  const expected = letters.map(({ actor, sequence }) => `${actor} #${sequence}`).sort();
  const missing = expected.filter((letter) => !found.includes(letter));
  const stray = dead.filter(({ actor, sequence }) => !expected.includes(`${actor} #${sequence}`));
  if (missing.length > 0) witness.violate('A5', `no dead letter ${missing.join(', ')}`);
  for (const { actor, sequence, cause } of stray) witness.violate('A5', `a dead letter ${actor} #${sequence} (${cause})`);
}
