import type { NodePlace } from '@redqueen/testkit';
import { execFileSync, spawnSync } from 'node:child_process';
import type { Links } from './faults.ts';

/** Network namespaces, one a node, each with one link for clients and one for the other nodes. */
export interface Namespaces extends Disposable {
  readonly links: Links;
  place(index: number): NodePlace;
}

const ip = (...words: readonly string[]): void => void execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] });

/** Why this machine has no namespaces to partition; undefined where it has. */
export function whyNoNamespaces(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces need Linux';
  if (process.getuid?.() !== 0) return 'making network namespaces needs root';
  return spawnSync('ip', ['netns', 'list']).status === 0 ? undefined : 'there is no `ip netns`: install iproute2';
}

/** A link of a node to a bridge: `outside` is the end that is taken down. */
function plug(bridge: string, outside: string, namespace: string, inside: string, address: string): void {
  ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', inside, 'netns', namespace);
  ip('link', 'set', outside, 'master', bridge, 'up');
  ip('-n', namespace, 'addr', 'add', `${address}/24`, 'dev', inside);
  ip('-n', namespace, 'link', 'set', inside, 'up');
}

/** Makes namespaces for so many nodes, and two bridges between them. Throws where the machine does not allow it; nothing is left behind then. */
export function makeNamespaces(nodes: number): Namespaces {
  const tag = `${process.pid % 10_000}`;
  const net = process.pid % 200;
  const bridges = { c: `rqc${tag}`, r: `rqr${tag}` };
  const space = (index: number) => `rq${tag}n${index}`;
  const end = (kind: 'c' | 'r', node: string | number) => `rq${kind}${tag}${String(node).replace('n', 'x')}`;
  const remove = () => {
    for (let index = 0; index < nodes; index++) spawnSync('ip', ['netns', 'del', space(index)]);
    for (const bridge of Object.values(bridges)) spawnSync('ip', ['link', 'del', bridge]);
  };
  try {
    for (const bridge of Object.values(bridges)) ip('link', 'add', bridge, 'up', 'type', 'bridge');
    ip('addr', 'add', `10.211.${net}.254/24`, 'dev', bridges.c);
    for (let index = 0; index < nodes; index++) {
      ip('netns', 'add', space(index));
      ip('-n', space(index), 'link', 'set', 'lo', 'up');
      plug(bridges.c, end('c', `n${index}`), space(index), 'clients', `10.211.${net}.${index + 1}`);
      plug(bridges.r, end('r', `n${index}`), space(index), 'routes', `10.212.${net}.${index + 1}`);
    }
  } catch (reason) {
    remove();
    throw reason;
  }
  const set = (kind: 'c' | 'r', node: string, state: 'up' | 'down') => ip('link', 'set', end(kind, node), state);
  return {
    place: (index) => ({
      host: `10.211.${net}.${index + 1}`,
      routeHost: `10.212.${net}.${index + 1}`,
      prefix: ['ip', 'netns', 'exec', space(index)],
    }),
    links: {
      cut: (node) => set('r', node, 'down'),
      isolate: (node) => (['c', 'r'] as const).forEach((kind) => set(kind, node, 'down')),
      heal: (node) => (['c', 'r'] as const).forEach((kind) => set(kind, node, 'up')),
    },
    [Symbol.dispose]: remove,
  };
}
