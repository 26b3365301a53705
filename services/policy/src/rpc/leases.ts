import type { EndLeaseRequest, EndLeaseResponseInput, LeaseRequest, LeaseResponseInput } from '@redqueen/contract';
import type { CallContext } from '@redqueen/runtime';
import { leaseTerms } from '../leases/request.ts';
import type { Runs } from '../runs.ts';
import { stampOf } from './groups.ts';

/** Takes a temporary copy of a version, trained on the examples. */
export async function lease(runs: Runs, request: LeaseRequest, { signal }: CallContext): Promise<LeaseResponseInput> {
  const terms = leaseTerms(request);
  const { leases, state } = runs.of(request.run);
  const { version, ...taken } = await leases.take(state, request.agent, request.version, terms, signal);
  return { ...taken, policy: stampOf(request.agent, version) };
}

/** Ends it. */
export async function endLease(runs: Runs, request: EndLeaseRequest): Promise<EndLeaseResponseInput> {
  await runs.of(request.run).leases.end(request.lease);
  return {};
}
