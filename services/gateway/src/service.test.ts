import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Message, MessageInput } from '@redqueen/contract';
import { rewardTellers } from '@redqueen/core';
import { connectRpc, DeadLetters, ensureKey, failRun, rewardKeysIn, Runs, systemClock, type Bus } from '@redqueen/runtime';
import { knobMessage, within } from '@redqueen/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { episodeMessages } from './projection/builders.ts';
import { readReport, runFolder } from './run-control/files.ts';
import { playCluster, smallPatch, startTestGateway, type TestGateway } from './test-support.ts';

let gateway: TestGateway;
let ended: AbortController;
beforeEach(async () => {
  gateway = await startTestGateway();
  ended = new AbortController();
});
afterEach(async () => {
  ended.abort();
  await gateway.close();
});

const client = () => connectRpc('GatewayService', gateway.address);
const start = (run: string) => client().StartRun({ recipe: 'default', patchJson: JSON.stringify(smallPatch), seed: 3, run });

function play(run: string, proceed: Promise<void> = Promise.resolve()): void {
  const accuracy = ({ body }: Extract<Message, { kind: 'anchorTask' }>) => (body.version === 0 ? 0.25 : 0.6);
  playCluster(gateway.bus, run, { accuracy, proceed, signal: ended.signal }).catch(() => {});
}

async function tellEpisodes(bus: Bus, run: string, count: number): Promise<void> {
  for (let index = 0; index < count; index++) for (const message of episodeMessages(`1.0.${index}`)) await bus.publish({ ...message, run });
}

/** The last thing that a watch says. */
async function watchToEnd(run: string) {
  const read = async () => {
    let last;
    for await (const progress of client().WatchRun({ run })) last = progress;
    return last;
  };
  return within(read(), `run ${run} to end`);
}

describe('the gateway', () => {
  test('takes a run from its start to its report and adapters', async () => {
    await start('whole');
    play('whole');
    await tellEpisodes(gateway.bus, 'whole', 3);
    const last = await watchToEnd('whole');
    expect(last?.run).toMatchObject({ status: 'RUN_STATUS_FINISHED', updatesDone: 4, seed: 3 });
    expect(last?.attempts).toBe(6);
    expect(last?.figures['executor/0.sampled']).toBe(0.6);
    const folder = runFolder(gateway.config.dataDir, 'whole');
    expect(readFileSync(join(folder, 'executor-0-v1.gguf'), 'utf8')).toBe('GGUF of executor/0');
    expect(existsSync(join(folder, 'proposer-0-v0.gguf'))).toBe(false);
    const html = readFileSync(join(folder, 'report.html'), 'utf8');
    expect(html).toContain('+35.0 points');
    expect(html).not.toMatch(/(src|href)="http/);
    const report = await readReport(gateway.config.dataDir, 'whole');
    expect(report).toMatchObject({ status: 'finished', episode: { solved: 1 }, cost: { device: { busySeconds: 0 } } });
    expect(JSON.parse((await client().Report({ run: 'whole' })).json)).toEqual(report);
  });

  test('a gateway that starts again goes on where it was, and asks nothing twice', async () => {
    await start('again');
    const { promise, resolve } = Promise.withResolvers<void>();
    play('again', promise);
    await tellEpisodes(gateway.bus, 'again', 1);
    await gateway.restart();
    resolve();
    expect((await watchToEnd('again'))?.run?.status).toBe('RUN_STATUS_FINISHED');
    const ids: string[] = [];
    for await (const { message } of gateway.bus.read('again', { from: 1, follow: false }))
      if (message.from.role === 'gateway') ids.push(message.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => id.includes('report:end'))).toHaveLength(4);
  });

  test('stops in order and resumes', async () => {
    await start('pause');
    const { promise, resolve } = Promise.withResolvers<void>();
    play('pause', promise);
    expect((await client().StopRun({ run: 'pause' })).run?.status).toBe('RUN_STATUS_STOPPING');
    expect((await watchToEnd('pause'))?.run?.status).toBe('RUN_STATUS_STOPPED');
    expect((await client().ResumeRun({ run: 'pause' })).run?.status).toBe('RUN_STATUS_RUNNING');
    resolve();
    expect((await watchToEnd('pause'))?.run?.status).toBe('RUN_STATUS_FINISHED');
    await expect(client().ResumeRun({ run: 'pause' })).rejects.toThrow(/finished and cannot be resumed/);
  });

  test('fixes the public keys of a run when it starts, and refuses to start or resume one without them', async () => {
    const { keysFolder } = gateway.config.signing;
    await start('keys');
    play('keys', new Promise(() => {}));
    const runs = await Runs.open(gateway.bus);
    expect((await runs.get('keys'))?.rewardKeys).toEqual(rewardKeysIn(keysFolder));
    await client().StopRun({ run: 'keys' });
    expect((await watchToEnd('keys'))?.run?.status).toBe('RUN_STATUS_STOPPED');
    rmSync(keysFolder, { recursive: true });
    await expect(start('none')).rejects.toThrow(/proposer\.pub \(signing\.keysFolder\) is missing: start proposer with the same folder/);
    for (const teller of rewardTellers) ensureKey(keysFolder, teller);
    await expect(client().ResumeRun({ run: 'keys' })).rejects.toThrow(
      /proposer\.pub .*is not the key of proposer that run keys was started with/,
    );
    expect((await runs.get('keys'))?.status).toBe('stopped');
  });

  test('several runs, one after another, and a list of them', async () => {
    for (const run of ['first', 'second']) {
      await start(run);
      play(run);
      expect((await watchToEnd(run))?.run?.status).toBe('RUN_STATUS_FINISHED');
    }
    expect((await client().ListRuns({})).runs.map(({ run }) => run)).toEqual(['second', 'first']);
    await expect(start('first')).rejects.toThrow(/run first exists/);
  });

  test('archives, removes and takes back a run that is not under way, and no other', async () => {
    await start('kept');
    const { promise, resolve } = Promise.withResolvers<void>();
    play('kept', promise);
    await tellEpisodes(gateway.bus, 'kept', 2);
    const archive = async () => {
      const pieces: Uint8Array[] = [];
      for await (const { data } of client().ArchiveRun({ run: 'kept' })) pieces.push(data);
      return Buffer.concat(pieces);
    };
    await expect(archive()).rejects.toThrow(/run kept is running: stop it first/);
    await expect(client().RemoveRun({ run: 'kept' })).rejects.toThrow(/run kept is running: stop it first/);
    await client().StopRun({ run: 'kept' });
    await watchToEnd('kept');
    const bytes = await archive();
    const { messages, documents } = await client().DescribeRun({ run: 'kept' });
    expect(documents).toEqual(['report.html', 'report.json']);
    await client().RemoveRun({ run: 'kept' });
    expect(await gateway.bus.storage('kept').exists()).toBe(false);
    expect(existsSync(runFolder(gateway.config.dataDir, 'kept'))).toBe(false);
    await expect(client().RemoveRun({ run: 'kept' })).rejects.toThrow(/no run "kept"/);
    const upload = async (offset: number, last: boolean, name = 'u1') =>
      client().ImportRun({ upload: name, offset, data: bytes.subarray(offset, last ? bytes.length : offset + 100), last });
    await upload(0, false);
    await expect(upload(200, false)).rejects.toThrow(/100 bytes are here/);
    await expect(upload(0, false, '../u1')).rejects.toThrow(/letters, digits/);
    await upload(100, false);
    expect((await upload(200, true)).run).toMatchObject({ run: 'kept', status: 'RUN_STATUS_STOPPED' });
    expect((await client().DescribeRun({ run: 'kept' })).messages).toBe(messages);
    // It goes on where it was.
    ended.abort();
    ended = new AbortController();
    play('kept', Promise.resolve());
    await client().ResumeRun({ run: 'kept' });
    resolve();
    await gateway.bus.publish({
      ...knobMessage({ run: 'kept', id: 'last', from: 'policy/0', to: 'curriculum/0' }),
      kind: 'released',
      body: { agent: 'executor/0', version: 1, reason: 'gate', sourceVersion: 1, updates: 4, last: true },
    });
    expect((await watchToEnd('kept'))?.run?.status).toBe('RUN_STATUS_FINISHED');
  });

  test('shows dead letters with their message, retries and drops them, and says what cannot be done', async () => {
    await start('letters');
    const letters = await DeadLetters.open(gateway.bus, systemClock);
    const bury = async (message: MessageInput) => {
      const { sequence } = await gateway.bus.publish(message);
      const dead = { run: 'letters', actor: message.to, sequence, message: message as Message, cause: 'why', deliveries: 5 };
      return (await letters.record(dead)).key;
    };
    const keys = await Promise.all([1, 2].map((value) => bury(knobMessage({ run: 'letters', id: `m${value}`, value }))));
    const [first = '', second = ''] = keys;
    expect((await client().ListDeadLetters({ run: 'letters' })).letters.map(({ id }) => id).toSorted()).toEqual(keys.toSorted());
    const shown = await client().GetDeadLetter({ id: first });
    expect(shown).toMatchObject({ letter: { cause: 'why', deliveries: 5, messageId: 'm1' }, message: { id: 'm1', knob: { value: 1 } } });
    const { messageId, waiting } = await client().RetryDeadLetter({ id: first });
    expect([messageId, waiting]).toEqual([`m1.retry-${shown.letter?.sequence}`, false]);
    await expect(client().RetryDeadLetter({ id: first })).rejects.toThrow(/was retried already/);
    await client().DropDeadLetter({ id: second });
    await expect(client().DropDeadLetter({ id: second })).rejects.toThrow(/was dropped already/);
    await expect(client().GetDeadLetter({ id: 'nonsense' })).rejects.toThrow(/no dead letter "nonsense"/);
    await client().StopRun({ run: 'letters' });
    expect((await client().RetryDeadLetter({ id: await bury(knobMessage({ run: 'letters', id: 'm3' })) })).waiting).toBe(true);
    await failRun({ bus: gateway.bus, clock: systemClock, name: 'policy' }, 'letters', 'no model');
    const late = await bury(knobMessage({ run: 'letters', id: 'm4' }));
    await expect(client().RetryDeadLetter({ id: late })).rejects.toThrow(/run letters is failed: .*drop it/);
  });

  test('refuses what cannot be run, in words', async () => {
    await expect(client().StartRun({ recipe: 'nonesuch' })).rejects.toThrow(/nonesuch.*known: .*default/);
    await expect(client().StartRun({ recipe: 'default', patchJson: '{"rolls":{}}' })).rejects.toThrow(
      /rolls: unknown key; known here: .*roles/,
    );
    await expect(client().StartRun({ recipe: 'default', patchJson: '{"model":"README.md"}' })).rejects.toThrow(/README\.md/);
    await expect(client().StartRun({ recipe: 'default', patchJson: '{"model":"package.json"}' })).rejects.toThrow(/no GGUF/);
    await expect(client().StartRun({ recipe: 'default', patchJson: '{' })).rejects.toThrow(/patch is no JSON/);
    await expect(client().GetRun({ run: 'none' })).rejects.toThrow(/no run "none"/);
  });

  test('an agent whose policy service is being started again answers once that is back', async () => {
    await start('asked');
    // More than the calls' own retries outlast.
    gateway.away = 8;
    const { group } = await client().Ask({ run: 'asked', agent: 'executor/0', prompt: '37+45=' });
    expect(group?.samples).toMatchObject([{ text: '82' }]);
  });

  test('serves the page, its questions and its events', async () => {
    const { page, services } = await client().Cluster({});
    expect(services).toHaveLength(8);
    const get = (path: string) => fetch(new URL(path, page));
    for (const path of ['', 'app.js', 'chart.js', 'sections.js', 'style.css', 'vendor/uPlot.esm.js'])
      expect((await get(path)).status).toBe(200);
    expect((await get('../package.json')).status).toBe(404);
    expect((await get('vendor/..%2fpackage.json')).status).toBe(404);
    await start('shown');
    play('shown');
    await tellEpisodes(gateway.bus, 'shown', 2);
    expect(await (await get('api/runs')).json()).toMatchObject([{ run: 'shown' }]);
    const reader = (await get('events?run=shown')).body?.getReader();
    const first = await within(reader?.read() ?? Promise.reject(new Error('no body')), 'the first event');
    expect(new TextDecoder().decode(first.value)).toMatch(/^event: report\ndata: \{"format":1/);
    await reader?.cancel();
    await watchToEnd('shown');
    expect(await (await get('api/runs/shown/episodes/1.0.0')).json()).toMatchObject({ episode: '1.0.0', solved: 1 });
    expect((await get('runs/shown/report.html')).status).toBe(200);
  });
});
