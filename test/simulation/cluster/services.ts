import type { RunRecord } from '@redqueen/core';
import { createActorPolicyClient, silentLogger, type Actor, type ActorHost, type Bus, type PolicyRpc } from '@redqueen/runtime';
import type { SimulatedProcess } from '@redqueen/testkit';
import { createCurriculumActor, runPlan } from '../../../services/curriculum/src/actor.ts';
import { createExecutorActor } from '../../../services/executor/src/actor.ts';
import { policyActor } from '../../../services/policy/src/actor.ts';
import { DeviceHost } from '../../../services/policy/src/device/host.ts';
import { RunPolicies, storesOf } from '../../../services/policy/src/run-policies.ts';
import { createProposerActor } from '../../../services/proposer/src/actor.ts';
import { createAggregatorActor } from '../../../services/reward-aggregator/src/actor.ts';
import type { State } from '../../../services/reward-aggregator/src/fold/state.ts';
import { rulesOf } from '../../../services/reward-aggregator/src/rules.ts';
import { watchTimeOuts } from '../../../services/reward-aggregator/src/time-outs.ts';
import { createVerifierActor } from '../../../services/verifier/src/actor.ts';
import { createWorldModelActor } from '../../../services/world-model/src/actor.ts';
import { ScriptedDevice } from './scripted-device.ts';

/** The services with an actor, in the order in which they are started. */
export const serviceNames = ['policy', 'curriculum', 'reward-aggregator', 'proposer', 'executor', 'verifier', 'world-model'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** What a service has of its process. */
export interface ServiceParts {
  readonly record: RunRecord;
  readonly process: SimulatedProcess;
  readonly bus: Bus;
  readonly policy: PolicyRpc;
}

/** A service's actor, and what else the service does. */
export interface Service {
  readonly actor: Actor;
  /** Only of the policy service: what its RPCs answer from. */
  readonly policies?: RunPolicies;
  readonly attached?: (host: ActorHost) => void;
}

/** Makes a service as its `service.ts` does, on the process's clock and bus. */
export function createService(name: ServiceName, parts: ServiceParts): Service {
  const { record, process, policy } = parts;
  const client = createActorPolicyClient(policy, process.clock);
  switch (name) {
    case 'policy':
      return policyService(parts);
    case 'curriculum':
      return { actor: createCurriculumActor(runPlan(record)) as Actor };
    case 'reward-aggregator':
      return { actor: createAggregatorActor(rulesOf(record), silentLogger) as Actor, attached: (host) => watch(host, parts) };
    case 'proposer':
      return { actor: createProposerActor(record, client) };
    case 'executor':
      return { actor: createExecutorActor(record, client) };
    case 'verifier':
      return { actor: createVerifierActor(record, client) };
    case 'world-model':
      return { actor: createWorldModelActor(record, client) };
  }
}

function watch(host: ActorHost, { record, process }: ServiceParts): void {
  const timeoutMs = record.recipe.episodeTimeoutSeconds * 1000;
  const { signal } = new AbortController();
  void watchTimeOuts({ host: host as ActorHost<State>, timeoutMs, clock: process.clock, logger: silentLogger, signal });
}

function policyService({ record, process, bus }: ServiceParts): Service {
  const { clock } = process;
  const start = () => Promise.resolve(new ScriptedDevice(record.recipe, clock).process());
  const host = new DeviceHost({ modelPath: 'none', threads: 1, start, clock, logger: silentLogger });
  const policies = new RunPolicies({
    plan: { run: record.run, recipe: record.recipe, seed: record.seed, updates: record.updates },
    hosts: { all: [host], of: () => host },
    bus,
    stores: storesOf(bus, record.run),
    logger: silentLogger,
    clock,
    ids: { next: () => process.name },
    vacated: Promise.resolve(),
    fail: () => Promise.resolve(),
  });
  return { actor: policyActor(policies) as Actor, policies };
}
