import type {
  ExportAdapterRequest,
  ExportAdapterResponseInput,
  PolicyVersionInput,
  PromoteRequest,
  PromoteResponseInput,
  RollbackRequest,
  RollbackResponseInput,
  VersionsRequest,
  VersionsResponseInput,
} from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';
import type { CallContext, ServiceContext } from '@redqueen/runtime';
import { reinstatable } from '../lineage/reinstate.ts';
import { agentOf, attestedHash, type AgentState, type Version } from '../lineage/state.ts';
import type { Runs } from '../runs.ts';
import { stampOf } from './groups.ts';

/** The lineage of one agent, or of all. */
export async function versions(runs: Runs, { run, agent }: VersionsRequest): Promise<VersionsResponseInput> {
  const { state } = runs.of(run);
  const agents = agent === '' ? state.agents : [agentOf(state, agent)];
  return { versions: agents.flatMap((each) => each.versions.map((version) => policyVersion(each, version))) };
}

function policyVersion(agent: AgentState, version: Version): PolicyVersionInput {
  return {
    agent: agent.agent,
    version: version.number,
    adapterHash: attestedHash(version),
    status: statusOf(agent, version),
    reason: version.reason,
    parent: version.parent,
    updates: version.updates,
    figures: [...version.figures],
  };
}

/** "current" is served, "released" was before it, "archived" is neither: still at the gate, or left behind by a rollback. */
function statusOf(agent: AgentState, version: Version): string {
  if (version.number === agent.current) return 'current';
  if (version.status === 'refused' || version.status === 'released') return version.status;
  return 'archived';
}

/** Asks policy/0 for a rollback or promotion and waits until the new version is released or refused. */
export async function reinstate(
  context: ServiceContext,
  runs: Runs,
  command: 'rollback' | 'promote',
  request: RollbackRequest | PromoteRequest,
  { signal, traceparent }: CallContext,
): Promise<RollbackResponseInput & PromoteResponseInput> {
  const { run, agent, version, reason } = request;
  const policies = runs.of(run);
  reinstatable(policies.plan, policies.state, { command, agent, version });
  const id = context.ids.next();
  const address = { role: 'policy', key: '0' };
  await context.bus.publish({
    id,
    run,
    from: address,
    to: address,
    cause: '',
    traceparent,
    kind: 'control',
    body: { command, agent, version, reason },
  });
  const made = await policies.until((state) => {
    const found = state.agents.find((each) => each.agent === agent)?.versions.find((each) => each.cause === id);
    return found?.status === 'reinstating' ? undefined : found;
  }, signal);
  if (made.status === 'refused') throw new RedQueenError('failed_precondition', made.reason);
  return { version: policyVersion(agentOf(policies.state, agent), made) };
}

/**
 * The adapter of a version as a GGUF LoRA file. For version 0, which is the base model, it is the fresh adapter: its B matrices are zero and it
 * changes nothing.
 */
export async function exportAdapter(runs: Runs, request: ExportAdapterRequest): Promise<ExportAdapterResponseInput> {
  const policies = runs.of(request.run);
  const agent = agentOf(policies.state, request.agent);
  const number = request.version ?? agent.current;
  const version = agent.versions[number];
  if (!version?.files)
    throw new RedQueenError('not_found', `${agent.agent} has no version ${number}; its newest is ${agent.versions.length - 1}`);
  const gguf = await policies.stores.adapters.get(version.files.adapter).catch((reason: unknown) => {
    if (RedQueenError.from(reason).code !== 'not_found') throw reason;
    throw new RedQueenError(
      'not_found',
      `version ${number} of ${agent.agent} is no longer kept; promote or export versions while they are`,
    );
  });
  return { gguf: Buffer.from(gguf), policy: stampOf(agent.agent, version) };
}
