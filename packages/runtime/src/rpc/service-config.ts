import type { ServiceConfig } from '@grpc/grpc-js';
import { fullName, type RpcService } from './definitions.ts';

/** Deadline of a call that names none, in seconds. */
const defaultSeconds = 30;

/** Calls that may rightly take longer, in seconds; 0 for no deadline at all. */
const seconds: Partial<Record<RpcService, Record<string, number>>> = {
  PolicyService: { Generate: 120, Score: 120, Lease: 120, ExportAdapter: 60 },
  GatewayService: { WatchRun: 0, StartRun: 60, Ask: 120, SubmitTask: 120, DownloadAdapter: 60 },
  ExecutorService: { Attempt: 120 },
  ProposerService: { Propose: 120 },
  VerifierService: { Judge: 120 },
  WorldModelService: { Predict: 120 },
};

/** Calls that would do their work twice if they were sent twice: an answer lost on its way back must not start a second run. */
const once: Partial<Record<RpcService, readonly string[]>> = {
  PolicyService: ['Promote', 'Rollback', 'Lease'],
  GatewayService: ['StartRun', 'ResumeRun', 'PromoteVersion', 'RollbackVersion'],
};

/** Only where nobody answered: about three seconds in all, a restart of a service. */
const patient = {
  maxAttempts: 5,
  initialBackoff: '0.2s',
  maxBackoff: '2s',
  backoffMultiplier: 2,
  retryableStatusCodes: ['UNAVAILABLE'],
};
/** About a second in all: for calls that their callers repeat themselves for longer (see policy-client). */
const brisk = { ...patient, initialBackoff: '0.1s', maxBackoff: '0.3s' };

/** Calls that are repeated briskly. */
const repeatedByCallers: Partial<Record<RpcService, readonly string[]>> = { PolicyService: ['Generate', 'Score'] };

function methodConfig(service: RpcService, method: string | undefined): object {
  const limit = (method === undefined ? undefined : seconds[service]?.[method]) ?? defaultSeconds;
  const retried = method === undefined || !once[service]?.includes(method);
  const retryPolicy = method !== undefined && repeatedByCallers[service]?.includes(method) ? brisk : patient;
  return {
    name: [{ service: fullName(service), ...(method === undefined ? {} : { method }) }],
    ...(limit > 0 ? { timeout: `${limit}s` } : {}),
    ...(retried ? { retryPolicy } : {}),
  };
}

/** Default deadlines and retries of a service's calls, in gRPC's own form (https://github.com/grpc/proposal/blob/master/A6-client-retries.md). */
export function serviceConfig(service: RpcService): ServiceConfig {
  const special = new Set([...Object.keys(seconds[service] ?? {}), ...(once[service] ?? [])]);
  const methods = [...special].map((method) => methodConfig(service, method));
  return {
    loadBalancingConfig: [{ round_robin: {} }],
    methodConfig: [...methods, methodConfig(service, undefined)],
  } as unknown as ServiceConfig;
}
