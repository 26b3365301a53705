import { healthProbe, serviceAddress, serviceNames, systemClock } from '@redqueen/runtime';
import type { ChaosCluster } from '../harness/cluster.ts';

/** Services that answer each health status, by name. */
export type HealthByName = Readonly<Record<string, string>>;

/** What every service answers when it is asked for its health. */
export async function healthOfAll({ config }: ChaosCluster): Promise<HealthByName> {
  const answers = serviceNames.map(async (name) => {
    const probe = healthProbe(serviceAddress(config, name));
    try {
      return [name, await probe.check(2000)] as const;
    } finally {
      probe.close();
    }
  });
  return Object.fromEntries(await Promise.all(answers));
}

/** Asks again until every service answers that, or the time is up. Resolves with the seconds it took and those that did not. */
export async function untilAll(
  cluster: ChaosCluster,
  status: 'SERVING' | 'NOT_SERVING',
  timeoutMs: number,
): Promise<{ seconds: number; others: HealthByName }> {
  const from = systemClock.now();
  for (;;) {
    const others = Object.fromEntries(Object.entries(await healthOfAll(cluster)).filter(([, answer]) => answer !== status));
    const ms = systemClock.now() - from;
    if (Object.keys(others).length === 0 || ms > timeoutMs) return { seconds: ms / 1000, others };
    await systemClock.sleep(100);
  }
}

/** Process ids of the services; one that was started again has another. */
export function pidsOf(cluster: ChaosCluster): Readonly<Record<string, number | undefined>> {
  return Object.fromEntries(serviceNames.map((name) => [name, cluster.pid(name)]));
}
