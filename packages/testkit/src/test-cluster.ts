import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { killProcess, pauseProcess, startNatsProcess } from './nats-process.ts';

/** What a server says of itself for as long as its copy of an idle consumer has heard nothing since it started; it works all the same. */
const idleConsumer = /JetStream consumer .* is not current/;

/** Where a node of a test's cluster runs. */
export interface NodePlace {
  /** Address for clients and monitoring. */
  readonly host: string;
  /** Address for the other nodes. */
  readonly routeHost: string;
  /** Words before the program, e.g. to run it in a network namespace. */
  readonly prefix: readonly string[];
}

/** What to change of a test's cluster. */
export interface TestClusterOptions {
  /** 3 when left out. */
  readonly nodes?: number;
  /** Where each node runs; loopback when left out. */
  readonly place?: (index: number) => NodePlace;
}

/** One server of a cluster. */
export interface TestNode {
  readonly name: string;
  /** nats://host:port; the same after a restart. */
  readonly url: string;
  /** Neither killed nor paused. */
  readonly isUp: boolean;
  /** SIGKILL: as when the machine takes it away. */
  kill(): Promise<void>;
  /** Stops it from answering, without ending it. */
  pause(): void;
  /** Lets a paused one go on. */
  resume(): void;
  /** Starts it again on the same store and ports. */
  restart(): Promise<void>;
}

/** A JetStream cluster of a test's own. */
export interface TestCluster {
  readonly nodes: readonly TestNode[];
  /** The addresses of all nodes, comma-separated. */
  readonly url: string;
  /** The node that leads a stream; undefined while none does. */
  leaderOf(stream: string): Promise<TestNode | undefined>;
  /** Resolves once every node that is up says that all of its streams and consumers are current. */
  settled(timeoutMs?: number): Promise<void>;
  /** Ends all nodes and removes their stores. */
  close(): Promise<void>;
}

const loopback: NodePlace = { host: '127.0.0.1', routeHost: '127.0.0.1', prefix: [] };

/** Ports that are free now. Held together, so that none comes twice. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer();
      return new Promise<typeof server>((resolve, reject) => server.once('error', reject).listen(0, () => resolve(server)));
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** What `/jsz` tells of a stream (https://docs.nats.io/running-a-nats-service/nats_admin/monitoring#jetstream-information-jsz). */
interface StreamDetail {
  readonly name: string;
  readonly cluster?: { readonly leader?: string };
}

class ClusterNode implements TestNode {
  readonly name: string;
  readonly #folder: string;
  readonly #place: NodePlace;
  readonly #cluster: readonly string[];
  #child: ChildProcess | undefined;
  #paused = false;
  #port = -1;
  #monitoring = '';

  constructor(name: string, folder: string, place: NodePlace, cluster: readonly string[]) {
    this.name = name;
    this.#folder = folder;
    this.#place = place;
    this.#cluster = cluster;
  }

  get url(): string {
    return `nats://${this.#place.host}:${this.#port}`;
  }

  get isUp(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null && !this.#paused;
  }

  async restart(): Promise<void> {
    const { host, prefix } = this.#place;
    const args = ['-n', this.name, '-a', host, '-p', `${this.#port}`, '-m', '-1', '-js', '-sd', join(this.#folder, this.name)];
    const log = ['-l', join(this.#folder, `${this.name}.log`)];
    const [child, addresses] = await startNatsProcess({ folder: this.#folder, args: [...args, ...log, ...this.#cluster], prefix });
    this.#child = child;
    this.#port = Number(new URL(addresses.nats).port);
    this.#monitoring = addresses.monitoring ?? '';
  }

  async kill(): Promise<void> {
    this.#paused = false;
    if (this.#child) await killProcess(this.#child);
  }

  pause(): void {
    this.#paused = true;
    if (this.#child) pauseProcess(this.#child);
  }

  resume(): void {
    this.#paused = false;
    this.#child?.kill('SIGCONT');
  }

  /** Asks its monitoring; undefined where it does not answer. */
  async ask(path: string): Promise<{ ok: boolean; body: Record<string, unknown> } | undefined> {
    if (!this.isUp) return undefined;
    try {
      const answer = await fetch(`${this.#monitoring}${path}`, { signal: AbortSignal.timeout(1000) });
      return { ok: answer.ok, body: (await answer.json()) as Record<string, unknown> };
    } catch {
      return undefined;
    }
  }
}

/** Who leads a stream, in the words of one node. */
async function leaderSeenBy(node: ClusterNode, stream: string): Promise<string | undefined> {
  const answer = await node.ask('/jsz?accounts=true&streams=true');
  const accounts = (answer?.body['account_details'] ?? []) as { stream_detail?: StreamDetail[] }[];
  return accounts.flatMap(({ stream_detail = [] }) => stream_detail).find(({ name }) => name === stream)?.cluster?.leader;
}

/** Starts a cluster of real nats-servers with JetStream. Throws where there is no nats-server, or one does not come up. */
export async function startTestCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'redqueen-cluster-'));
  const ports = await freePorts(options.nodes ?? 3);
  const places = ports.map((_, index) => options.place?.(index) ?? loopback);
  const routes = ports.map((port, index) => `nats://${places[index]?.routeHost}:${port}`);
  const nodes = routes.map((route, index) => {
    const others = routes.filter((other) => other !== route).join(',');
    const words = ['--cluster_name', 'redqueen-test', '--cluster', route, '--routes', others];
    return new ClusterNode(`n${index}`, folder, places[index] ?? loopback, words);
  });
  const close = async () => {
    await Promise.all(nodes.map((node) => node.kill()));
    rmSync(folder, { recursive: true, force: true });
  };
  const settled = async (timeoutMs = 60_000) => {
    const until = Date.now() + timeoutMs;
    for (;;) {
      const answers = await Promise.all(nodes.filter(({ isUp }) => isUp).map((node) => node.ask('/healthz')));
      if (answers.every((answer) => answer?.ok || idleConsumer.test(String(JSON.stringify(answer?.body))))) return;
      if (Date.now() > until) throw new Error(`the cluster did not settle: ${JSON.stringify(answers.map((answer) => answer?.body))}`);
      await pause(50);
    }
  };
  try {
    await Promise.all(nodes.map((node) => node.restart()));
    await settled();
  } catch (reason) {
    await close();
    throw reason;
  }
  return {
    nodes,
    url: nodes.map(({ url }) => url).join(','),
    async leaderOf(stream) {
      const named = await Promise.all(nodes.map((node) => leaderSeenBy(node, stream)));
      // Two may be named for a moment; the one that names itself is asked first.
      const own = nodes.find((node, index) => named[index] === node.name);
      return own ?? nodes.find(({ name, isUp }) => isUp && named.includes(name));
    },
    settled,
    close,
  };
}
