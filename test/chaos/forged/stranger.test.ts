import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Message } from '@redqueen/contract';
import type { RunRecord } from '@redqueen/core';
import { createNatsBus, Runs, silentLogger, systemClock, type Bus } from '@redqueen/runtime';
import { connect } from '@redqueen/sdk';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { rulesOf } from '../../../services/reward-aggregator/src/rules.ts';
import { foldAll } from '../../../services/reward-aggregator/src/test-support.ts';
import { dataFolder, lastJson, redqueen } from '../../e2e/cluster.ts';
import { afterTest } from '../../runtime/support/folder.ts';
import { natsOver } from '../../runtime/support/service-process.ts';
import { forgeAlong, isForged } from './stranger.ts';

const minutes = 60_000;
const forgeries = 400;
const patch = JSON.stringify({ gate: { perArm: 2 }, report: { perArm: 4 } });

async function busAt(url: string): Promise<Bus> {
  const bus = await createNatsBus({ url, name: 'stranger', clock: systemClock, logger: silentLogger });
  afterTest(() => bus.close());
  return bus;
}

/** What a run whose cluster has ended left in its folder. */
async function leftBehind(folder: string, run: string): Promise<{ record: RunRecord; stream: Message[] }> {
  const bus = await busAt(`nats://127.0.0.1:${(await natsOver(folder)).port}`);
  const record = await (await Runs.open(bus)).get(run);
  if (!record) throw new Error(`run ${run} has left no record`);
  const stream: Message[] = [];
  for await (const { message } of bus.read(run, { from: 1, follow: false })) stream.push(message);
  return { record, stream };
}

it('a stranger on the bus of a real run changes none of its settlements', { timeout: 4 * minutes }, async () => {
  const folder = dataFolder();
  afterTest(() => folder.remove());
  const command = redqueen(folder.path, 'run', 'default', '--seed', '5', '--updates', '4', '--bus', 'nats', '--patch', patch, '--json');
  afterTest(() => command.process.kill());
  const gateway = /gateway: ([\d.]+:\d+)/.exec(await command.line(/gateway: [\d.]+:\d+/))?.[1] ?? '';
  const client = connect(gateway);
  const run = (await client.runs.list())[0]?.run ?? '';
  client.close();
  const { bus } = parse(readFileSync(join(folder.path, 'cluster.yaml'), 'utf8')) as { bus: { url: string } };
  expect(await forgeAlong(await busAt(bus.url), run, forgeries, new AbortController().signal)).toBe(forgeries);
  expect(lastJson(await command.ended)).toMatchObject({ status: 'finished', updates: 4 });

  const { record, stream } = await leftBehind(folder.path, run);
  const rules = rulesOf(record);
  const forged = stream.filter(isForged);
  expect(forged).toHaveLength(forgeries);
  const [withStranger, without] = [
    foldAll(stream, rules),
    foldAll(
      stream.filter((message) => !isForged(message)),
      rules,
    ),
  ];
  const digests = (settlements: readonly { digest?: string }[]) => settlements.map(({ digest }) => digest);
  expect(digests(withStranger.settlements)).toEqual(digests(without.settlements));
  // What the aggregator told is what the stream gives; it may have been stopped before the last message.
  const told = stream.flatMap((message) => (message.kind === 'settlement' ? [message.body.digest] : []));
  expect(told.length).toBeGreaterThan(100);
  expect(digests(without.settlements).slice(0, told.length)).toEqual(told);
  expect(without.state.rewards).toMatchObject({ duplicates: 0, late: 0, refused: 0 });
  expect(withStranger.state.rewards.counted).toBe(without.state.rewards.counted);
  const codes = new Set(withStranger.refusals.map(({ reason }) => reason));
  expect([...codes].sort()).toEqual(['bad-signature', 'duplicate', 'unsigned']);
  // Its log, as the process wrote it, has a line for each.
  const log = readFileSync(join(folder.path, 'logs/reward-aggregator.log'), 'utf8');
  const logged = new Set([...log.matchAll(/"message":"(stranger-\d+)"/g)].map((match) => match[1]));
  expect(logged.size).toBe(forgeries);
});
