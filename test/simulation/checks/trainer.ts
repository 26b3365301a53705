import type { Batch } from '@redqueen/contract';
import type { Scene } from '../schedule.ts';
import { toldBy, type Stream } from './stream.ts';

/** What the simulated device writes into its weights for a group. */
function tokensOf({ promptTokens }: Batch['groups'][number]): string {
  return promptTokens.join(' ');
}

/** The samples of a batch that an update left out; undefined where the update is not of this batch. Only groups older than `oldest` may be missing. */
function leftOut({ groups }: Batch, update: string, oldest: number): number | undefined {
  let [rest, missing] = [update, 0];
  for (const group of groups) {
    const tokens = tokensOf(group);
    if (`${rest} `.startsWith(`${tokens} `)) rest = rest.slice(tokens.length + 1);
    else if (group.version < oldest) missing += group.samples.length;
    else return undefined;
  }
  return rest === '' ? missing : undefined;
}

/** Samples that updates left out. */
interface LeftOut {
  /** Of batches that made an update. */
  readonly least: number;
  /** With those of batches of which nothing was fresh enough. Where a version is made of such batches alone, no candidate counts them. */
  readonly most: number;
}

/** What the updates left out of the batches they were made of, each batch once and in order; undefined where that is not what they are. */
function missingIn(batches: readonly Batch[], updates: readonly string[], oldest: number): LeftOut | undefined {
  let [next, least, most] = [0, 0, 0];
  for (const batch of batches) {
    const update = updates[next];
    const out = update === undefined ? undefined : leftOut(batch, update, oldest);
    if (out === undefined && batch.groups.some(({ version }) => version >= oldest)) return undefined;
    if (out !== undefined) next++;
    least += out ?? 0;
    most += out ?? batch.groups.reduce((sum, { samples }) => sum + samples.length, 0);
  }
  return next === updates.length ? { least, most } : undefined;
}

/** The batches that weights were trained on, in order, as the device wrote them down. */
function trainedOn(weights: string): string[] {
  return weights
    .split('|')
    .slice(1)
    .map((update) => update.slice(0, update.lastIndexOf('@')));
}

/** Every version was trained on its parent's batches and on each batch told since, once and in order: none is left out, none is used twice. */
export async function checkTrainer(scene: Scene, stream: Stream): Promise<void> {
  const batches = toldBy(stream, 'reward-aggregator/0', 'batch').map(({ body }) => body);
  checkNumbers(scene, batches);
  for (const agent of new Set(batches.map((batch) => batch.agent))) {
    await checkLineage(
      scene,
      stream,
      agent,
      batches.filter((batch) => batch.agent === agent),
    );
  }
}

function checkNumbers({ witness }: Scene, batches: readonly Batch[]): void {
  const last = new Map<string, number>();
  for (const { agent, number } of batches) {
    const expected = (last.get(agent) ?? 0) + 1;
    if (number !== expected) return witness.violate('batches', `batch ${number} of ${agent} comes where ${expected} should`);
    last.set(agent, number);
  }
}

/** The version that a sample must at least be of when as many were released, the newest last. */
function oldestOf(released: readonly number[], maxStaleness: number): number {
  return released.at(-1 - maxStaleness) ?? 0;
}

async function checkLineage({ bus, witness, record }: Scene, stream: Stream, agent: string, batches: readonly Batch[]): Promise<void> {
  const files = await bus.objects('rq-optimizers');
  const sources = new Map(
    toldBy(stream, 'policy/0', 'released')
      .filter(({ body }) => body.agent === agent)
      .map(({ body }) => [body.version, body.sourceVersion]),
  );
  const updates = new Map<number, readonly string[]>([[0, []]]);
  const released: number[] = [];
  let consumed = 0;
  for (const { message } of stream.firsts) {
    if (message.kind === 'released' && message.body.agent === agent) released.push(message.body.version);
    if (message.kind !== 'candidate' || message.body.agent !== agent) continue;
    const { body } = message;
    const used = batches.filter(({ number, groups }) => number > consumed && number <= body.consumedBatches && groups.length > 0);
    const parent = updates.get(sources.get(body.parent) ?? body.parent);
    consumed = body.consumedBatches;
    const weights = await files.get(body.optimizerHash);
    const actual = weights ? trainedOn(Buffer.from(weights).toString()) : undefined;
    if (!actual || !parent) continue;
    updates.set(body.version, actual);
    const fresh = actual.slice(parent.length);
    const missing =
      actual.slice(0, parent.length).join('|') === parent.join('|')
        ? missingIn(used, fresh, oldestOf(released, record.recipe.maxStaleness))
        : undefined;
    if (missing && missing.least <= body.stale && body.stale <= missing.most) continue;
    const expected = used.map((batch) => batch.groups.map(tokensOf).join(' ')).join('|');
    const what = `was not trained on each batch up to ${consumed} once, but for ${body.stale} stale samples`;
    witness.violate('trained once', `version ${body.version} of ${agent} ${what}: ${fresh.join('|')} instead of ${expected}`);
  }
}
