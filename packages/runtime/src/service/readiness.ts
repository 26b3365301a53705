import type { Clock } from '@redqueen/core';
import type { Logger } from '../log/logger.ts';
import type { HealthProbe } from '../rpc/health.ts';

/** What a service needs before it is SERVING. */
export interface ReadinessOptions {
  /** Probes of the services that it depends on, by name. */
  readonly dependencies: ReadonlyMap<string, HealthProbe>;
  readonly busHealthy: () => Promise<boolean>;
  /** The service's own readiness; a rejection is somebody else's to handle. */
  readonly ready: Promise<void>;
  /** Whether the service can answer now. */
  readonly healthy?: (() => boolean) | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called with every change. */
  readonly changed: (serving: boolean) => void;
}

const probeTimeoutMs = 2000;
/** Between two looks: short while something is missing, since others wait for us in turn. */
const missingPauseMs = 100;
const servingPauseMs = 1000;
/** Looks that must fail in a row before a serving service says otherwise: a busy process may answer late once. */
const patience = 2;

async function missing(options: ReadinessOptions, isReady: () => boolean): Promise<string[]> {
  const checks = [...options.dependencies].map(async ([name, probe]) => ((await probe.check(probeTimeoutMs)) === 'SERVING' ? [] : [name]));
  const bus = options.busHealthy().then(
    (healthy) => (healthy ? [] : ['bus']),
    () => ['bus'],
  );
  const names = await Promise.all([bus, ...checks]);
  return [...(isReady() && (options.healthy?.() ?? true) ? [] : ['own readiness']), ...names.flat()];
}

/** Looks again and again whether everything that the service needs is there, until the signal aborts. Never rejects. */
export async function keepReadiness(options: ReadinessOptions, signal: AbortSignal): Promise<void> {
  let ready = false;
  options.ready.then(
    () => (ready = true),
    () => {},
  );
  let serving = false;
  let failures = 0;
  let said = '';
  while (!signal.aborted) {
    const names = await missing(options, () => ready);
    failures = names.length === 0 ? 0 : failures + 1;
    const now: boolean = failures === 0 || (serving && failures < patience);
    const text = names.join(', ');
    if (!now && text !== said) options.logger.info({ missing: names }, `waiting for ${text}`);
    if (now !== serving && !signal.aborted) {
      serving = now;
      options.changed(serving);
    }
    said = text;
    await options.clock.sleep(failures === 0 ? servingPauseMs : missingPauseMs, signal).catch(() => {});
  }
}
