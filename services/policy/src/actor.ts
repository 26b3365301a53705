import { addressText, type Message } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';
import { noUseFor, type ActorContext, type Effects, type StatefulActor, type Tell } from '@redqueen/runtime';
import { checkTrainable } from './device/trainable.ts';
import { nextAction, rewound, type Action } from './lineage/actions.ts';
import { decodeState, encodeState, type StoredState } from './lineage/codec.ts';
import { batchReceived, knobTurned, started } from './lineage/inputs.ts';
import { judged } from './lineage/judging.ts';
import { reinstated, reinstatementAsked } from './lineage/reinstate.ts';
import { agentOf, emptyState, type PolicyState, type RunPlan } from './lineage/state.ts';
import { quiet, type Step } from './lineage/step.ts';
import { commitRecorded, created, published, trained } from './lineage/training.ts';
import { trainGroups } from './optimizers/train-groups.ts';
import type { RunPolicies } from './run-policies.ts';

const address = { role: 'policy', key: '0' };

/**
 * policy/0: every agent's trainer and lineage. Messages and the outcomes of device work change the state by pure functions (src/lineage); the state
 * alone says what the device must do next.
 *
 * P1 A Candidate says all that it consumed. What was trained since is kept in the state as batches and done again after a crash.
 * P2 Batches that come while a candidate is at the gate wait in the state; none is lost, none is trained twice.
 * P3 A version number is used once.
 * P4 Whatever fails half-way leaves the state as it was; the device is brought back in step before its next use.
 * P5 No sample is trained on that is more than `maxStaleness` releases old at that moment, however long its batch waited; its Candidate counts those left out.
 */
export function policyActor(policies: RunPolicies): StatefulActor<PolicyState> {
  const { bus, plan, pruner, trainer } = policies;
  let sequence = 0;
  return {
    type: 'stateful',
    address,
    reads: 'mailbox',
    initial: () => emptyState,
    encode(state) {
      pruner.encoded(state);
      return encodeState({ state, sequence });
    },
    decode(bytes) {
      const stored = decodeState(bytes);
      sequence = stored.sequence;
      return stored.state;
    },
    // Right after a commit little is to be done again from the snapshot; in between a snapshot would only be larger.
    canSnapshot: (state) => state.committed,
    activated: (state, context) => activate(policies, { state, sequence }, context),
    async receive(state, message, context) {
      try {
        const effects = await work(policies, state, message, context);
        if (effects.state.committed) sequence = await bus.lastSequence(plan.run);
        policies.publish(effects.state);
        pruner.prune(effects.state);
        return effects;
      } catch (reason) {
        trainer.lost();
        throw reason;
      }
    },
  };
}

/** Takes up a restored state: the agents and the versions in use are created on the device. */
async function activate(policies: RunPolicies, { state, sequence }: StoredState, context: ActorContext): Promise<void> {
  const { logger, served, trainer } = policies;
  trainer.lost();
  await openDevices(policies, context);
  for await (const { message } of policies.bus.read(policies.plan.run, { from: Math.max(1, sequence), to: address, follow: false })) {
    if (message.kind === 'candidate') served.promise(message.body.agent, message.body.version);
  }
  for (const agent of state.agents) {
    try {
      await served.ready(state, agent.agent, undefined, context.signal);
    } catch (reason) {
      // One agent's corrupt file must not stop the others, nor its own rollback.
      const error = RedQueenError.from(reason);
      if (error.retryable) throw error;
      logger.error({ err: error, agent: agent.agent }, `version ${agent.current} of ${agent.agent} cannot be served: ${error.message}`);
    }
  }
  policies.publish(state);
}

/** Waits for the devices. A base model that cannot be opened, or not be trained as the recipe says, ends the run. */
async function openDevices({ hosts, plan, fail }: RunPolicies, { signal }: ActorContext): Promise<void> {
  try {
    await Promise.all(hosts.all.map((host) => host.running(signal)));
    await checkTrainable(plan, hosts, signal);
  } catch (reason) {
    const error = RedQueenError.from(reason);
    if (hosts.all.some((host) => host.failed) || error.code === 'failed_precondition') await fail(error);
    throw reason;
  }
}

async function work(policies: RunPolicies, state: PolicyState, message: Message, context: ActorContext): Promise<Effects<PolicyState>> {
  const { plan } = policies;
  const first = accept(policies, state, message);
  const tells: Tell[] = [...first.tells];
  let now = first.state;
  for (let action = nextAction(plan, now); action; action = nextAction(plan, now)) {
    context.signal.throwIfAborted();
    const step = await perform(policies, now, action);
    tells.push(...step.tells);
    now = step.state;
  }
  for (const agent of now.agents) policies.served.trim(now, agent.agent);
  return { state: { ...now, committed: tells.length > 0 }, tells };
}

/** What a message changes by itself. */
function accept({ plan, logger }: RunPolicies, state: PolicyState, message: Message): Step {
  switch (message.kind) {
    case 'batch':
      // A batch that cannot be trained on fails here, as itself, and never later while it holds up others.
      if (message.body.groups.length > 0) trainGroups(message.body);
      return batchReceived(state, message.body);
    case 'anchorResult':
      return judged(plan, state, message.body);
    case 'candidate':
      requireOwnCandidate(message);
      return commitRecorded(state, message.body);
    case 'knob':
      return knobTurned(state, message.body);
    case 'control':
      return controlled(plan, state, message, (why) => logger.warn({ message: message.id }, why));
    default:
      throw noUseFor(message, 'batch', 'anchorResult', 'candidate', 'knob', 'control');
  }
}

/** What was committed is for the policy alone to say. */
function requireOwnCandidate({ id, from }: Message): void {
  if (addressText(from) === addressText(address)) return;
  throw new RedQueenError('invalid_argument', `candidate ${id}: ${addressText(from)} may not tell what policy/0 committed`);
}

/** An operator's request that cannot be met is logged and dropped: it would not be met the next time either. */
function controlled(plan: RunPlan, state: PolicyState, message: Message & { kind: 'control' }, warn: (why: string) => void): Step {
  const { command, agent, version } = message.body;
  if (command === 'start') return started(plan, state);
  if (command !== 'rollback' && command !== 'promote') return quiet(state);
  try {
    return reinstatementAsked(plan, state, { command, agent, version, cause: message.id });
  } catch (reason) {
    warn(`${command} is not possible: ${RedQueenError.from(reason).message}`);
    return quiet(state);
  }
}

/** Lets the device do what comes next, and takes the outcome into the state. */
async function perform({ plan, trainer }: RunPolicies, state: PolicyState, action: Action): Promise<Step> {
  const { agent } = action;
  switch (action.kind) {
    case 'create':
      return created(plan, state, agent, await trainer.create(agentOf(state, agent)));
    case 'reinstate':
      return reinstated(state, agent, await trainer.reinstate(agentOf(state, agent), action.version, action.files));
    case 'rewind':
      await trainer.rewind(agentOf(state, agent), action.files);
      return quiet(rewound(state, agent));
    case 'publish':
      return published(plan, state, agent, await trainer.publish(state, agent, action.version));
    case 'train':
      return trained(state, action, await trainer.train(state, agent, action.batch, action.learningRate));
  }
}
