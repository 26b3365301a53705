import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Message } from '@redqueen/contract';
import { connectRpc, DeadLetters, projectFolder, systemClock } from '@redqueen/runtime';
import { knobMessage, within } from '@redqueen/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { armRuns } from '../claim/arms.ts';
import { namedRecipe, readRecipe } from '../recipes/recipe-folder.ts';
import { recipeHash } from '../recipes/recipe-hash.ts';
import { playCluster, smallPatch, startTestGateway, type TestGateway } from '../../../../services/gateway/src/test-support.ts';

const recipesFolder = join(projectFolder, 'config/recipes');
type AnchorMessage = Extract<Message, { kind: 'anchorTask' }>;

const program = join(import.meta.dirname, '../../bin/redqueen.mjs');
const folder = mkdtempSync(join(tmpdir(), 'redqueen-cli-'));
const ended = new AbortController();
let gateway: TestGateway;

/** Runs the command line as a person does, against the test's gateway. */
function redqueen(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, ...words],
      { cwd: folder, env: { ...process.env, XDG_CACHE_HOME: folder } },
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
      },
    );
  });
}

const here = (...words: string[]) => redqueen(...words, '--gateway', gateway.address);

beforeAll(async () => {
  gateway = await startTestGateway();
  const client = connectRpc('GatewayService', gateway.address);
  await client.StartRun({ recipe: 'default', patchJson: JSON.stringify(smallPatch), run: 'done' });
  playCluster(gateway.bus, 'done', { accuracy: () => 0.4, proceed: Promise.resolve(), signal: ended.signal }).catch(() => {});
  const watch = async () => {
    for await (const _ of client.WatchRun({ run: 'done' }));
  };
  await within(watch(), 'the run to end');
  client.close();
});

afterAll(async () => {
  ended.abort();
  await gateway.close();
  rmSync(folder, { recursive: true });
});

describe('the command line', () => {
  test('looks at runs and reports, for people and for programs', async () => {
    const runs = await here('runs');
    expect(runs.stdout).toMatch(/done +default +1 +finished +4\/4/);
    const report = await here('report', '--json');
    expect(JSON.parse(report.stdout)).toMatchObject({ run: 'done', format: 1 });
    expect((await here('report', 'done')).stdout).toMatch(/executor +all +right, sampled/);
    const ages = await here('ledger', 'staleness', '--json');
    expect(ages.code).toBe(0);
    expect(JSON.parse(ages.stdout)).toMatchObject({ run: 'done', bound: 1, beyond: 0, share: 1 });
    expect((await here('dead', 'list')).stdout).toContain('No dead letters');
  });

  test('a run watched to its end leaves one line of JSON and nothing else on standard output', async () => {
    const { stdout, stderr, code } = await here('watch', 'done', '--json');
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({
      run: 'done',
      seed: 1,
      updates: 4,
      status: 'finished',
      heldOut: { executor: { all: { sampled: { before: 0.4, beforeCount: 100, after: 0.4, afterCount: 100 } } } },
    });
    expect(stderr).toContain('updates 4/4');
  });

  test('a claim takes finished runs as they are, and ends with one line of JSON, details and a record', async () => {
    const file = join(folder, 'claimed.yaml');
    const claim = {
      headline: 'the first arm learns more',
      arms: [{ name: 'learns' }, { name: 'stays', patch: { slotsPerTick: 1 } }],
      effect: { figure: 'executor.sampled', arm: 'learns', against: 'stays', direction: 'up' },
      seeds: 2,
    };
    const text = stringify({ ...namedRecipe('default', recipesFolder), ...smallPatch, name: 'claimed', claim });
    writeFileSync(file, text);
    const client = connectRpc('GatewayService', gateway.address);
    for (const { run, seed, arm, patch } of armRuns(readRecipe(file, recipesFolder).recipe, {})) {
      await client.StartRun({ recipeYaml: text, patchJson: JSON.stringify([{}, patch, {}]), seed, run });
      const accuracy = ({ body }: AnchorMessage) => (arm === 'learns' && body.version > 0 ? 0.5 + seed / 10 : 0.4);
      playCluster(gateway.bus, run, { accuracy, proceed: Promise.resolve(), signal: ended.signal }).catch(() => {});
      const watch = async () => {
        for await (const _ of client.WatchRun({ run }));
      };
      await within(watch(), `run ${run} to end`);
    }
    client.close();
    const details = join(folder, 'details.json');
    const { stdout, stderr, code } = await here('claim', file, '--json', '--details', details, '--record', folder);
    expect(stderr).toContain('[4/4] stays, seed 2');
    expect(JSON.parse(stdout)).toMatchObject({ claim: 'claimed', verdict: 'runs, effect not shown', pairs: 2 });
    expect((JSON.parse(stdout) as { effect: number }).effect).toBeCloseTo(0.25);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(code).toBe(3);
    expect((JSON.parse(readFileSync(details, 'utf8')) as { runs: unknown[] }).runs).toHaveLength(4);
    const record = JSON.parse(readFileSync(join(folder, 'claimed.json'), 'utf8')) as object;
    expect(record).toMatchObject({ claim: 'claimed', recipe: recipeHash(text), figures: ['executor.sampled'] });
  }, 90_000);

  test('recipes are listed, shown, compared and checked without a cluster', async () => {
    expect(JSON.parse((await redqueen('recipe', 'list', '--json')).stdout)).toContainEqual(expect.objectContaining({ name: 'default' }));
    expect((await redqueen('recipe', 'show', 'default', '--arm', 'updates-off')).stdout).toMatch(/^updates: 24$/m);
    expect((await redqueen('recipe', 'diff', 'default', 'default@rewards-shuffled')).stdout).toMatch(/rewardControl +"true" +"shuffled"/);
    expect(JSON.parse((await redqueen('recipe', 'schema')).stdout)).toMatchObject({ title: 'Red Queen recipe' });
    const file = join(folder, 'faulty.yaml');
    writeFileSync(file, stringify({ ...namedRecipe('default', recipesFolder), curriculum: { use: 'unifrom' } }));
    expect(await redqueen('recipe', 'check', 'default', file)).toMatchObject({
      code: 2,
      stdout: expect.stringMatching(/^default: fits\n.*faulty\.yaml:\n {2}curriculum: there is no curriculum "unifrom"/),
    });
    const checked = await redqueen('recipe', 'check', file, '--json');
    expect([checked.code, JSON.parse(checked.stdout)]).toEqual([2, [{ name: file, faults: [expect.stringContaining('unifrom')] }]]);
  }, 90_000);

  test('runs are shown, archived, removed and imported', async () => {
    const shown = JSON.parse((await here('runs', 'show', 'done', '--json')).stdout) as { stored: { messages: number }; agents: object[] };
    expect(shown).toMatchObject({
      run: 'done',
      status: 'finished',
      stored: { documents: expect.arrayContaining(['report.json', 'executor-0-v1.gguf']), files: 0 },
      agents: expect.arrayContaining([expect.objectContaining({ agent: 'executor/0', version: 1 })]),
    });
    expect((await here('runs', 'show', 'done')).stdout).toMatch(/executor\/0 +v1[\s\S]*stream +\d+ messages, [\d.]+ kB/);
    const file = join(folder, 'done.rqrun');
    const made = JSON.parse((await here('runs', 'archive', 'done', '--out', file, '--json')).stdout) as { bytes: number };
    expect(made.bytes).toBe(statSync(file).size);
    expect(await here('runs', 'archive', 'done', '--out', file)).toMatchObject({ code: 2, stderr: expect.stringContaining('exists') });
    expect(await here('runs', 'import', file)).toMatchObject({ code: 2, stderr: expect.stringContaining('run done exists here') });
    const report = (await here('report', 'done', '--json')).stdout;
    const listed = (await here('runs')).stdout;
    expect(await here('runs', 'rm', 'done')).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
    expect(JSON.parse((await here('runs', 'rm', 'done', '--yes', '--json')).stdout)).toEqual({ run: 'done', removed: true });
    expect((await here('runs', 'list')).stdout).not.toMatch(/^done /m);
    expect(await here('runs', 'show', 'done')).toMatchObject({ code: 2, stderr: expect.stringContaining('no run "done"') });
    const damaged = join(folder, 'damaged.rqrun');
    writeFileSync(damaged, readFileSync(file).subarray(0, made.bytes - 1));
    expect(await here('runs', 'import', damaged)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/damaged\.rqrun is damaged at byte \d+/),
    });
    expect(JSON.parse((await here('runs', 'import', file, '--json')).stdout)).toEqual({ run: 'done', status: 'finished', file });
    expect((await here('runs')).stdout).toBe(listed);
    expect((await here('report', 'done', '--json')).stdout).toBe(report);
  }, 90_000);

  test('dead letters are listed, shown, retried and dropped', async () => {
    const bury = async (id: string, value: number) => {
      const message = knobMessage({ run: 'done', id, value });
      const { sequence } = await gateway.bus.publish(message);
      const letters = await DeadLetters.open(gateway.bus, systemClock);
      const dead = { run: 'done', actor: message.to, sequence, message: message as Message, cause: 'not a number', deliveries: 5 };
      return (await letters.record(dead)).key;
    };
    const key = await bury('lost', Number.NaN);
    expect((await here('dead', 'list', '--run', 'done')).stdout).toBe(`${key}  knob to executor/0, tried 5 times: not a number\n`);
    const shown = JSON.parse((await here('dead', 'show', key, '--json')).stdout) as object;
    expect(shown).toMatchObject({
      id: key,
      deliveries: 5,
      cause: 'not a number',
      message: { id: 'lost', knob: { value: 'NaN', by: 'test' } },
    });
    expect(await here('dead', 'retry', key)).toMatchObject({ code: 2, stderr: expect.stringContaining('is finished') });
    expect(JSON.parse((await here('dead', 'drop', key, '--json')).stdout)).toEqual({ letter: key, dropped: true });
    expect(await here('dead', 'show', key)).toMatchObject({ code: 2, stderr: expect.stringContaining('was dropped already') });
    expect((await here('dead', 'list')).stdout).toContain('No dead letters');
  }, 90_000);

  test('says what an answer is to be like', async () => {
    const schema = join(folder, 'schema.json');
    writeFileSync(schema, '{"type": "integer"}');
    await here('ask', 'executor', '37+45?', '--stop', 'END', '--stop', '!', '--schema', schema, '--system', 'Be brief.');
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: '37+45?' },
    ];
    expect(gateway.generated.at(-1)).toMatchObject({
      prompts: [{ text: '', messages }],
      stopTexts: ['END', '!'],
      schema: '{"type":"integer"}',
    });
    writeFileSync(schema, 'type: integer');
    expect(await here('ask', 'executor', '37+45?', '--schema', schema)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--schema: .* is no JSON/),
    });
  }, 90_000);

  test('speaks with agents', async () => {
    expect((await here('ask', 'executor', '37+45=')).stdout.trim()).toContain('82');
    expect((await here('versions')).stdout).toMatch(/executor\/0 +v0 +current/);
    expect((await here('rollback', 'executor', '3')).stdout).toContain('executor/0 is now v4, which has the adapter of v3');
    const file = join(folder, 'adapter.gguf');
    expect((await here('export', 'executor', '--version', '1', '--out', file)).stdout.trim()).toBe(file);
    expect(readFileSync(file, 'utf8')).toBe('GGUF of executor/0');
  });

  test('ends with a code and a sentence for every kind of trouble', async () => {
    const cases: [answer: Promise<object>, code: number, says: string][] = [
      [here('report', 'nobody'), 2, 'there is no run "nobody"'],
      [here('run', 'no-such-recipe'), 2, 'known: '],
      [here('run', 'default', '--patch', '{"updatez":1}'), 2, 'updatez: unknown key'],
      [here('run', 'default', '--updates', 'many'), 2, '--updates'],
      [here('stop', 'done'), 2, 'nothing to stop'],
      [here('knob', 'luck'), 2, 'it has: explore, gate.tolerance'],
      [here('knob', 'temperature.executor', 'warm'), 2, '"warm" is no number'],
      [here('knob', 'temperature.executor', '9'), 2, 'it must be from 0.05 to 5'],
      [redqueen('runs', '--data', folder), 4, 'redqueen up'],
      [redqueen('runs', '--gateway', 'nowhere'), 2, 'host:port'],
      [redqueen('nonsense'), 2, 'nonsense'],
    ];
    for (const [answer, code, says] of cases) expect(await answer).toMatchObject({ code, stderr: expect.stringContaining(says) });
    const json = await here('report', 'nobody', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ code: 'not_found' });
    expect(existsSync(join(folder, 'cluster.json'))).toBe(false);
  });

  test('prints the configuration with the origin of every key', async () => {
    const { stdout } = await redqueen('config', 'print', '--bus', 'memory');
    expect(stdout).toMatch(/bus\.kind +"memory" +flag/);
    const { config } = JSON.parse((await redqueen('config', 'print', '--json')).stdout) as { config: { bus: { kind: string } } };
    expect(config.bus.kind).toBe('auto');
  });
});

test('models are listed and inspected by name or path, and what is no model is named', async () => {
  const list = await redqueen('models', 'list', '--json');
  expect(JSON.parse(list.stdout)).toMatchObject([
    { model: 'starter', training: 'gradients' },
    { model: 'starter-tools', training: 'gradients' },
  ]);
  const { stdout } = await redqueen('models', 'inspect', 'starter');
  expect(stdout).toContain('llama, 4 layers of width 128');
  const cut = join(folder, 'cut.gguf');
  writeFileSync(cut, readFileSync(join(projectFolder, 'config/models/starter.gguf')).subarray(0, 4000));
  const broken = await redqueen('models', 'inspect', cut);
  expect(broken).toMatchObject({ code: 2, stderr: expect.stringContaining('truncated') });
  expect((await redqueen('models', 'inspect', 'nope')).stderr).toContain('known: starter, starter-tools');
});
