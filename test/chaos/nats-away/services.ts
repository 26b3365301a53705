import { RedQueenError } from '@redqueen/core';
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

/**
 * Seconds from that time until an episode was settled and an update committed that were stored after it; infinity where that took more than a minute.
 * Reads with the harness's own connection, which must find NATS again, too.
 */
export async function untilLearnsAgain({ bus }: ChaosCluster, run: string, since: number): Promise<number> {
  const missing = new Set(['settlement', 'candidate']);
  const late = AbortSignal.timeout(60_000);
  while (!late.aborted) {
    try {
      for await (const { message, storedAt } of bus.read(run, { from: 1, follow: true, signal: late })) {
        if (storedAt > since) missing.delete(message.kind);
        if (missing.size === 0) return (storedAt - since) / 1000;
      }
    } catch (reason) {
      if (!RedQueenError.from(reason).retryable) throw reason;
    }
  }
  return Number.POSITIVE_INFINITY;
}
