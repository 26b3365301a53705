// A gateway over an in-memory bus, with a scripted cluster around it: what the other services would tell, told by the test.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addressOf, type GenerateRequest, type Message, type ToldInput } from '@redqueen/contract';
import { RedQueenError, rewardTellers } from '@redqueen/core';
import {
  createMemoryBus,
  ensureKey,
  loadConfig,
  serviceNames,
  silentLogger,
  startRpcServer,
  startService,
  systemClock,
  type Bus,
  type Config,
  type RunningService,
} from '@redqueen/runtime';
import { testRecipe } from './projection/builders.ts';
import { reportedAgents } from './run-control/anchors.ts';
import { createGateway } from './service.ts';

/** A gateway for a test. */
export interface TestGateway {
  readonly bus: Bus;
  readonly config: Config;
  /** What the policy service was asked to generate, oldest first. */
  readonly generated: readonly GenerateRequest[];
  /** How many of the next calls of Generate the policy service answers with `unavailable`. */
  away: number;
  /** host:port of its gRPC server. */
  readonly address: string;
  /** Stops the gateway and starts another one over the same bus and folder. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

const testAgents = reportedAgents(testRecipe());

/** Recipes of the tests: the default one of the project, made small, on a file that begins like a GGUF. */
export const smallPatch = { updates: 4, report: { perArm: 1 } };

async function freePolicyServer(config: Config, generated: GenerateRequest[], isAway: () => boolean) {
  const server = await startRpcServer({
    host: '127.0.0.1',
    port: 0,
    logger: silentLogger,
    implementation: {
      PluginService: { CheckRecipe: async () => ({ faults: [] }) },
      PolicyService: {
        ExportAdapter: async ({ agent, version }) => ({
          gguf: Buffer.from(`GGUF of ${agent}`),
          policy: { agent, version: version ?? 0, adapterHash: 'hash' },
        }),
        Device: async () => ({ model: 'starter.gguf', threads: 2, laneSeconds: 10, nativeSeconds: 9, secondsByWork: { sample: 10 } }),
        Versions: async () => ({ versions: [{ agent: 'executor/0', version: 0, status: 'current' }] }),
        Generate: async (request) => {
          if (isAway()) throw new RedQueenError('unavailable', 'the agents are still being created');
          generated.push(request);
          const { prompts } = request;
          return {
            groups: prompts.map(({ text, samples }) => ({
              prompt: text,
              samples: Array.from({ length: samples }, () => ({ text: '82' })),
            })),
          };
        },
        Score: async () => ({ groups: [] }),
        Lease: async () => ({}),
        EndLease: async () => ({}),
        Promote: async ({ agent, version }) => ({ version: { agent, version: version + 1 } }),
        Rollback: async ({ agent, version }) => ({ version: { agent, version: version + 1 } }),
      },
    },
  });
  // Recipes are checked by every service; this one speaks for all of them.
  const address = { host: '127.0.0.1', port: server.port };
  const services = Object.fromEntries(serviceNames.map((name) => [name, name === 'gateway' ? config.services.gateway : address]));
  return { server, config: { ...config, services: services as Config['services'] } };
}

/** Starts one. The policy service is a server that answers what the gateway asks; all other services are away. */
export async function startTestGateway(): Promise<TestGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-'));
  // The gateway looks at the first bytes of the model alone.
  await writeFile(join(folder, 'starter.gguf'), 'GGUF');
  const flags = Object.fromEntries(serviceNames.map((name) => [`services.${name}.port`, 0]));
  const loaded = loadConfig({
    environment: {},
    flags: { ...flags, dataDir: folder, 'gateway.pagePort': 0, 'policy.modelsFolder': folder },
  });
  // The services that would have made them are away.
  for (const teller of rewardTellers) ensureKey(loaded.config.signing.keysFolder, teller);
  const generated: GenerateRequest[] = [];
  let away = 0;
  const { server, config } = await freePolicyServer(loaded.config, generated, () => away-- > 0);
  const bus = await createMemoryBus({ clock: systemClock, logger: silentLogger });
  const start = (): Promise<RunningService> => startService('gateway', createGateway, { config, bus, logger: silentLogger });
  let service = await start();
  return {
    bus,
    config,
    generated,
    get away() {
      return away;
    },
    set away(calls) {
      away = calls;
    },
    get address() {
      return `127.0.0.1:${service.port}`;
    },
    restart: async () => {
      await service.stop();
      service = await start();
    },
    close: async () => {
      await service.stop();
      await server.drain(100);
      await bus.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Tells messages as if an actor had. */
async function tellAs(bus: Bus, envelope: { run: string; from: string; to: string; id: string }, told: ToldInput): Promise<void> {
  const { from, to } = envelope;
  await bus.publish({ ...envelope, from: addressOf(from), to: addressOf(to), cause: '', traceparent: '', ...told });
}

/**
 * Plays the other services: releases version 0 when the policy is told to start, answers every anchor task with the given accuracy, and lets the executor
 * make its last update once everybody's first look is answered and `proceed` resolves. Ends with the signal.
 */
export async function playCluster(
  bus: Bus,
  run: string,
  options: {
    readonly accuracy: (message: Extract<Message, { kind: 'anchorTask' }>) => number;
    readonly proceed: Promise<void>;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  let answered = 0;
  const release = (agent: string, version: number, last: boolean) =>
    tellAs(
      bus,
      { run, from: 'policy/0', to: 'curriculum/0', id: `${agent}-v${version}` },
      {
        kind: 'released',
        body: { agent, version, reason: version === 0 ? 'start' : 'gate', sourceVersion: version, updates: version * 4, last },
      },
    );
  for await (const { message } of bus.read(run, { from: 1, follow: true, signal: options.signal })) {
    if (message.kind === 'control' && message.body.command === 'start' && message.to.role === 'policy') {
      for (const agent of testAgents) await release(agent, 0, false);
    }
    if (message.kind !== 'anchorTask') continue;
    const { anchorId: asked, opponents } = message.body;
    const figures = [{ name: 'sampled', value: options.accuracy(message), count: 100 }];
    // Cross-play is answered once for each version that attempts the tasks.
    const turns = opponents.map((version) => ({ anchorId: `${asked}:${version}`, task: { ...message.body, version } }));
    for (const body of turns.length > 0 ? turns : [{ anchorId: asked, task: message.body }]) {
      const envelope = { run, from: 'verifier/0', to: 'gateway/0', id: `${body.anchorId}-result` };
      await tellAs(bus, envelope, { kind: 'anchorResult', body: { ...body, figures } });
    }
    if (++answered === testAgents.length) options.proceed.then(() => release('executor/0', 1, true)).catch(() => {});
  }
}
