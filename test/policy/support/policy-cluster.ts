import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Body, Kind, Message, ToldInput } from '@redqueen/contract';
import { decodeRunRecord, encodeRunRecord, type RunRecord } from '@redqueen/core';
import { createPolicy } from '@redqueen/policy';
import {
  connectRpc,
  createMemoryBus,
  loadConfig,
  serviceNames,
  silentLogger,
  startService,
  systemClock,
  type Bus,
  type Client,
  type Config,
  type RunningService,
} from '@redqueen/runtime';
import { byteModel, encodeModel, initialModel } from '../../../packages/llama/src/starter/model-file.ts';
import { chatTemplates } from '../../../packages/llama/src/testing/chat-templates.ts';
import { testPlan } from '../../../services/policy/src/testing/plan.ts';

const policy = { role: 'policy', key: '0' };

/** The policy service with its real native child, on the memory bus, with tiny models of random weights, of which runs take `starter` unless they say otherwise. The test plays everybody else. */
export class PolicyCluster {
  readonly bus: Bus;
  readonly folder: string;
  service!: RunningService;
  client!: Client<'PolicyService'>;
  /** Whether candidates pass the gate; version 0 always passes. */
  gatePasses = true;
  readonly #config: Config;
  readonly #ended = new AbortController();
  #sent = 0;

  private constructor(bus: Bus, folder: string, flags: Readonly<Record<string, unknown>>) {
    this.bus = bus;
    this.folder = folder;
    const ports = Object.fromEntries(serviceNames.map((name) => [`services.${name}.port`, 0]));
    this.#config = loadConfig({
      environment: {},
      flags: { ...ports, dataDir: folder, 'policy.modelsFolder': folder, 'policy.threads': 2, ...flags },
    }).config;
  }

  /** `flags`: further settings of the configuration. */
  static async start(flags: Readonly<Record<string, string | number>> = {}): Promise<PolicyCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'redqueen-policy-'));
    const { template, tokens } = chatTemplates.chatMl;
    const extras = { chatTemplate: template, tokens: tokens.map((text) => ({ text, special: true })) };
    for (const [seed, name] of ['starter', 'wide', 'wider'].entries()) {
      const bytes = byteModel({ width: 32 * (seed + 1), layers: 2, heads: 2, keyValueHeads: 1, feedForward: 64, context: 64 });
      const model = { ...bytes, vocabulary: bytes.vocabulary + tokens.length };
      writeFileSync(join(folder, `${name}.gguf`), encodeModel(model, initialModel(model, 7 + seed), name, extras));
    }
    const cluster = new PolicyCluster(await createMemoryBus({ clock: systemClock, logger: silentLogger }), folder, flags);
    await cluster.serve();
    return cluster;
  }

  /** Starts the service's process anew, as far as one process can. */
  async serve(): Promise<void> {
    this.service = await startService('policy', createPolicy, { config: this.#config, bus: this.bus, logger: silentLogger });
    this.client = connectRpc('PolicyService', `127.0.0.1:${this.service.port}`);
    await this.service.serving;
  }

  async stopService(): Promise<void> {
    this.client.close();
    await this.service.stop();
  }

  /** Opens a run and asks policy/0 to start; the gate's answers are given by `answerAnchors`. */
  async startRun(run: string, patch: object = {}): Promise<void> {
    const { recipe, seed, updates } = testPlan(patch);
    await this.bus.openRun(run);
    await this.setStatus({ run, recipe, seed, updates, status: 'running', startedAt: 0 });
    await this.tell(run, { kind: 'control', body: { command: 'start' } });
    void this.#answerAnchors(run);
  }

  async setStatus(record: RunRecord): Promise<void> {
    await (await this.bus.keyValue('rq-runs')).put(record.run, Buffer.from(encodeRunRecord(record)));
  }

  async record(run: string): Promise<RunRecord | undefined> {
    const entry = await (await this.bus.keyValue('rq-runs')).get(run);
    return entry && decodeRunRecord(Buffer.from(entry.value).toString());
  }

  /** Waits until a run has ended, well or not. */
  async ended(run: string): Promise<RunRecord> {
    const records = await this.bus.keyValue('rq-runs');
    for await (const { key, value } of records.watch(this.#ended.signal)) {
      const record = key === run ? decodeRunRecord(Buffer.from(value).toString()) : undefined;
      if (record && record.status !== 'running') return record;
    }
    throw new Error(`run ${run} did not end`);
  }

  /** Tells policy/0 something. */
  async tell(run: string, told: ToldInput): Promise<void> {
    await this.bus.publish({ id: `test-${++this.#sent}`, run, from: policy, to: policy, cause: '', traceparent: '', ...told });
  }

  /** Waits for the first message of a kind that fits. */
  async awaits<K extends Kind>(run: string, kind: K, fits: (body: Body<K>) => boolean): Promise<Body<K>> {
    for await (const { message } of this.bus.read(run, { from: 1, follow: true, signal: this.#ended.signal })) {
      if (isKind(message, kind) && fits(message.body as Body<K>)) return message.body as Body<K>;
    }
    throw new Error(`no ${kind} came`);
  }

  /** Every gate anchor passes, or none does, with the weights that are under test. */
  async #answerAnchors(run: string): Promise<void> {
    const hashes = new Map<string, string>();
    for await (const { message } of this.bus.read(run, { from: 1, follow: true, signal: this.#ended.signal })) {
      if (message.kind === 'candidate') hashes.set(`${message.body.agent} ${message.body.version}`, message.body.adapterHash);
      if (message.kind !== 'anchorTask') continue;
      const { agent, version, anchorId } = message.body;
      const stamp = { agent, version, adapterHash: hashes.get(`${agent} ${version}`) ?? '' };
      const passes = this.gatePasses || version === 0;
      const body = { anchorId, task: message.body, passed: Array<boolean>(8).fill(passes), policy: stamp, anchorsHash: 'frozen' };
      await this.tell(run, { kind: 'anchorResult', body });
    }
  }

  /** Process ids of native children of this process. */
  children(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => parentOf(pid) === process.pid && readCommand(pid).includes('llama/src/worker/main'));
  }

  async close(): Promise<void> {
    this.#ended.abort();
    await this.stopService();
    await this.bus.close();
    rmSync(this.folder, { recursive: true });
  }
}

function isKind(message: Message, kind: Kind): boolean {
  return message.kind === kind;
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return 0;
  }
}

function readCommand(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
