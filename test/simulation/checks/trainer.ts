import type { Batch } from '@redqueen/contract';
import type { Scene } from '../schedule.ts';
import { toldBy, type Stream } from './stream.ts';

/** What the simulated device writes into its weights for a batch. */
function tokensOf(batch: Batch): string {
  return batch.groups.map((group) => group.promptTokens.join(' ')).join(' ');
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

async function checkLineage({ bus, witness }: Scene, stream: Stream, agent: string, batches: readonly Batch[]): Promise<void> {
  const files = await bus.objects('rq-optimizers');
  const released = toldBy(stream, 'policy/0', 'released').filter(({ body }) => body.agent === agent);
  const sources = new Map(released.map(({ body }) => [body.version, body.sourceVersion]));
  const updates = new Map<number, readonly string[]>([[0, []]]);
  let consumed = 0;
  for (const { body } of toldBy(stream, 'policy/0', 'candidate').filter((message) => message.body.agent === agent)) {
    const fresh = batches.filter(({ number, groups }) => number > consumed && number <= body.consumedBatches && groups.length > 0);
    const parent = updates.get(sources.get(body.parent) ?? body.parent);
    consumed = body.consumedBatches;
    const expected = parent && [...parent, ...fresh.map(tokensOf)];
    const weights = await files.get(body.optimizerHash);
    const actual = weights ? trainedOn(Buffer.from(weights).toString()) : expected;
    if (actual) updates.set(body.version, actual);
    if (expected?.join('|') !== actual?.join('|'))
      witness.violate(
        'trained once',
        `version ${body.version} of ${agent} was not trained on each batch up to ${consumed} once: ${actual?.join('|')} instead of ${expected?.join('|')}`,
      );
  }
}
