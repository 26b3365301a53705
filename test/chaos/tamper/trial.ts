import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pick, randomOf, type Random } from '@redqueen/core';
import { headFileOf, readHead } from '@redqueen/runtime';
import { replayLedger, verifyLedger, type Replay } from '../../../services/reward-aggregator/src/audit/index.ts';
import { knobMessage } from '@redqueen/testkit';
import { isNamed, publishAll, record, run, sourceOf, startAggregator, storyOf, type Aggregator } from './ledger.ts';
import { copied, type OpenStore, type StoreKind } from './stores.ts';

/** What became of one damage. */
export interface Outcome {
  /** Where: file and byte. */
  readonly where: string;
  /**
   * refused: named, with a position, and nothing goes on. found: the actor went on, and the audit names it. healed: everything is as it was.
   * silent: something is not as it was and nobody says so.
   */
  readonly verdict: 'refused' | 'found' | 'healed' | 'silent';
  readonly what: string;
}

/** A whole store, as a kill of everything left it, and what it comes to. */
export interface Pristine extends Disposable {
  readonly kind: StoreKind;
  readonly folder: string;
  readonly scratch: string;
  readonly replay: Replay;
}

const answerMs = 20_000;

/** The promise's value, or an error once it took too long: what never answers says nothing, and counts as silent. */
async function inTime<Value>(promise: Promise<Value>, what: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error(`no answer: ${what}`)), answerMs)));
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Resolves once the aggregator has folded everything, what it told itself included. */
async function untilQuiet({ bus }: OpenStore, aggregator: Aggregator): Promise<void> {
  for (let last = await bus.lastSequence(run), before = 0; last > before; last = await bus.lastSequence(run)) {
    await aggregator.reached(last);
    // What it told because of the last message is stored once this one is.
    await bus.publish(knobMessage({ run, id: `quiet.${last}`, to: 'policy/0' }));
    await aggregator.reached((before = last + 1));
  }
}

/** Lets a run of so many slots be folded, with a message of `fill` bytes after each, then kills everything; the newest snapshot lies some way before the end. */
export async function pristineStore(kind: StoreKind, slots: number, fill = 0): Promise<Pristine> {
  const scratch = mkdtempSync(join(tmpdir(), 'redqueen-tamper-'));
  const folder = join(scratch, 'pristine');
  mkdirSync(folder);
  const store = await kind.open(folder);
  const { bus } = store;
  await bus.openRun(run);
  const story = storyOf(slots, fill);
  const aggregator = await startAggregator(bus, folder, Math.ceil(story.length * 0.4));
  await publishAll(bus, story);
  await inTime(untilQuiet(store, aggregator), 'the story to be folded');
  await aggregator.kill();
  const replay = await replayLedger(sourceOf(bus, undefined));
  if (replay.batches === 0) throw new Error('the story made no batch');
  await store.kill();
  return { kind, folder, scratch, replay, [Symbol.dispose]: () => rmSync(scratch, { recursive: true, force: true }) };
}

/** Starts everything over a damaged copy, and says what came of it. `before` happens on the bus before the aggregator starts. */
async function restarted(
  pristine: Pristine,
  folder: string,
  before?: (store: OpenStore) => Promise<unknown>,
): Promise<Omit<Outcome, 'where'>> {
  const { kind, replay } = pristine;
  let store: OpenStore;
  try {
    store = await kind.open(folder);
  } catch (error) {
    const named = isNamed(error) || /nats-server ended/.test(String(error));
    return { verdict: named ? 'refused' : 'silent', what: String(error) };
  }
  try {
    await store.bus.openRun(run);
    await before?.(store);
    const aggregator = await startAggregator(store.bus, folder, 1_000_000);
    try {
      await inTime(aggregator.reached(replay.messages), 'the aggregator to come to the end');
    } catch (error) {
      return { verdict: isNamed(error) ? 'refused' : 'silent', what: String(error) };
    } finally {
      await aggregator.kill();
    }
    const found = await inTime(verifyLedger(sourceOf(store.bus, readHead(headFileOf(folder, record.run)))), 'the audit');
    if (found.fault) return { verdict: 'found', what: `message ${found.fault.sequence}: ${found.fault.what}` };
    const again = await replayLedger(sourceOf(store.bus, undefined, replay.messages));
    const same = JSON.stringify(again) === JSON.stringify(replay);
    return same ? { verdict: 'healed', what: 'as it was' } : { verdict: 'silent', what: `other digests: ${JSON.stringify(again)}` };
  } catch (error) {
    return { verdict: isNamed(error) ? 'refused' : 'silent', what: String(error) };
  } finally {
    await store.kill();
  }
}

function drawnFile(random: Random, files: readonly string[]): string {
  const full = files.filter((file) => statSync(file).size > 0);
  // Most damage hits what is largest, some hits every file.
  const bytes = full.map((file) => statSync(file).size);
  if (random.uniform() < 0.3) return pick(random, full);
  let left = random.uniform() * bytes.reduce((sum, size) => sum + size, 0);
  return full.find((_, index) => (left -= bytes[index] as number) < 0) ?? (full[0] as string);
}

/** Flips one bit of the stopped store, starts it again and audits it. */
export async function flipTrial(pristine: Pristine, seed: number, index: number): Promise<Outcome> {
  const random = randomOf('flip', pristine.kind.name, seed, index);
  const folder = copied(pristine.folder, join(pristine.scratch, 'damaged'));
  const files = pristine.kind.files(folder, run);
  const file = drawnFile(random, random.uniform() < 0.6 ? files.ledger : files.snapshots);
  const bytes = readFileSync(file);
  const byte = random.integer(bytes.length);
  bytes[byte] = (bytes[byte] as number) ^ (1 << random.integer(8));
  writeFileSync(file, bytes);
  return { where: `${fileName(file)} byte ${byte} of ${bytes.length}`, ...(await restarted(pristine, folder)) };
}

/** Cuts off the end of the stopped store's newest messages; in every other trial somebody has told something new before the aggregator is back. */
export async function truncationTrial(pristine: Pristine, seed: number, index: number): Promise<Outcome> {
  const random = randomOf('truncation', pristine.kind.name, seed, index);
  const folder = copied(pristine.folder, join(pristine.scratch, 'damaged'));
  const file = pristine.kind.files(folder, run).ledger.findLast((one) => /\.(blk|journal)$/.test(one)) as string;
  const { size } = statSync(file);
  const cut = 1 + Math.floor(size * random.uniform() ** 4 * 0.9);
  truncateSync(file, size - cut);
  const newcomers = index % 2 === 0 ? 0 : 1 + random.integer(40);
  const news = storyOf(30).slice(-newcomers || Number.POSITIVE_INFINITY);
  const outcome = await restarted(pristine, folder, (store) => publishAll(store.bus, newcomers > 0 ? news : []));
  return { where: `${fileName(file)} cut by ${cut} of ${size}, ${newcomers} new messages`, ...outcome };
}

function fileName(file: string): string {
  return file.split('/').slice(-3).join('/') || basename(file);
}
