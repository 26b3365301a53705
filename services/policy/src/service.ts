import { RedQueenError, type AnyPlugin, type RunRecord } from '@redqueen/core';
import { failRun, Runs as RunRecords, type Actor, type CreateService, type ServiceContext } from '@redqueen/runtime';
import { availableParallelism } from 'node:os';
import { policyActor } from './actor.ts';
import { startChild } from './device/child.ts';
import type { StartProcess } from './device/host.ts';
import { plugins } from './plugins.ts';
import { device } from './rpc/device.ts';
import { endLease, lease } from './rpc/leases.ts';
import { exportAdapter, reinstate, versions } from './rpc/lineage.ts';
import { generate, score } from './rpc/sampling.ts';
import { Runs } from './runs.ts';

/** The policy service: samples, scores and trains every agent on one device, and keeps their lineages. */
export const createPolicy: CreateService = async (context) => {
  const { threads, activationMiB, sampling, hangSeconds, maxKlToBase } = context.config.policy;
  const more = { activationBytes: activationMiB * 2 ** 20, sampling, maxKlToBase, hangMs: 1000 * hangSeconds };
  const start: StartProcess = (options) => startChild({ ...options, ...more });
  const runs = new Runs(context, threads || availableParallelism(), start);
  void noteRuns(context, runs);
  return {
    rpc: {
      PolicyService: {
        Generate: (request, call) => generate(runs, request, call),
        Score: (request, call) => score(runs, request, call),
        Versions: (request) => versions(runs, request),
        Promote: (request, call) => reinstate(context, runs, 'promote', request, call),
        Rollback: (request, call) => reinstate(context, runs, 'rollback', request, call),
        ExportAdapter: (request) => exportAdapter(runs, request),
        Lease: (request, call) => lease(runs, request, call),
        EndLease: (request) => endLease(runs, request),
        Device: (_, call) => device(runs, call),
      },
    },
    dependencies: [],
    actors: (record, more) => actorsOf(context, runs, record, more),
    plugins,
    healthy: () => !runs.hosts.all.some((host) => host.lost),
    close: () => runs.close(),
  };
};

/** The run's trainer; none where the run can never work here, which ends it. */
function actorsOf(context: ServiceContext, runs: Runs, record: RunRecord, more: readonly AnyPlugin[]): readonly Actor[] {
  try {
    return [policyActor(runs.attach(record, more))];
  } catch (reason) {
    const error = RedQueenError.from(reason);
    context.logger.error({ err: error, run: record.run }, `run ${record.run} cannot work: ${error.message}`);
    void failRun(context, record.run, error.message).catch((why: unknown) =>
      context.logger.error({ err: why }, `cannot record that run ${record.run} failed`),
    );
    return [];
  }
}

/** Takes note of runs that begin and end, until the service ends: once all are over, a run may bring another base model. */
async function noteRuns({ bus, clock, logger, signal }: ServiceContext, runs: Runs): Promise<void> {
  while (!signal.aborted) {
    try {
      const records = await RunRecords.open(bus);
      for await (const { run, status } of records.watch(signal, logger)) runs.note(run, status === 'running');
    } catch (reason) {
      if (!signal.aborted) logger.warn({ err: reason }, 'the watch over runs ended; it starts again');
    }
    await clock.sleep(1000, signal).catch(() => {});
  }
}
