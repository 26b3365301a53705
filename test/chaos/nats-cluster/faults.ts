import { pick, randomOf } from '@redqueen/core';
import type { TestCluster, TestNode } from '@redqueen/testkit';
import { setTimeout as pause } from 'node:timers/promises';

/** kill: SIGKILL and a later start on the same store. pause: SIGSTOP. cut: no way to the other nodes. isolate: none to clients either. */
export type FaultKind = 'kill' | 'pause' | 'cut' | 'isolate';

/** What can be done to the links of a node; undefined where the machine allows none of it. */
export interface Links {
  cut(node: string): void;
  isolate(node: string): void;
  heal(node: string): void;
}

/** When which fault begins and ends, and whom it hits. */
export interface ClusterFault {
  /** Seconds from the beginning. */
  readonly at: number;
  readonly seconds: number;
  readonly kind: FaultKind;
  /** The node that leads the stream at that time, or this one. */
  readonly victim: 'leader' | number;
}

/** One fault every `every` seconds for `seconds` seconds, every second one on the leader. The same seed gives the same schedule. */
export function clusterFaults(
  seed: number,
  kinds: readonly FaultKind[],
  { seconds, every, lasting }: { readonly seconds: number; readonly every: number; readonly lasting: number },
): ClusterFault[] {
  const random = randomOf(seed, 'cluster faults');
  const leaderFirst = random.integer(2);
  return Array.from({ length: Math.floor(seconds / every) }, (_, index) => ({
    at: index * every,
    seconds: lasting,
    kind: pick(random, kinds),
    victim: (index + leaderFirst) % 2 === 0 ? 'leader' : random.integer(3),
  }));
}

/** Begins a fault; the returned function ends it. */
async function begin(kind: FaultKind, node: TestNode, links: Links | undefined): Promise<() => Promise<void>> {
  switch (kind) {
    case 'kill':
      await node.kill();
      return () => node.restart();
    case 'pause':
      node.pause();
      return async () => node.resume();
    case 'cut':
    case 'isolate':
      if (!links) throw new Error(`${kind} needs links that can be cut`);
      links[kind](node.name);
      return async () => links.heal(node.name);
  }
}

/** What to do to which cluster. */
export interface FaultPlan {
  readonly cluster: TestCluster;
  readonly stream: string;
  readonly faults: readonly ClusterFault[];
  readonly links?: Links | undefined;
  readonly say: (line: string) => void;
}

/** Plays the faults one after the other and ends each; resolves with the times at which they began, milliseconds. */
export async function playFaults({ cluster, stream, faults, links, say }: FaultPlan): Promise<number[]> {
  const started = Date.now();
  const begun: number[] = [];
  for (const { at, seconds, kind, victim } of faults) {
    await pause(Math.max(0, started + at * 1000 - Date.now()));
    const leader = await cluster.leaderOf(stream);
    const node = (victim === 'leader' ? leader : cluster.nodes[victim]) ?? cluster.nodes[0];
    if (!node) throw new Error('a cluster without nodes');
    say(`${((Date.now() - started) / 1000).toFixed(1)} s: ${kind} ${node.name}${node === leader ? ', the leader' : ''} for ${seconds} s`);
    begun.push(Date.now());
    const end = await begin(kind, node, links);
    await pause(seconds * 1000);
    await end();
  }
  return begun;
}
