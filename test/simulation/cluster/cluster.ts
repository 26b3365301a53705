import { addressText, type MessageInput } from '@redqueen/contract';
import { randomOf, type Random, type RunRecord } from '@redqueen/core';
import { silentLogger, startActor, type Actor, type ActorHost, type ActorSettings, type Bus } from '@redqueen/runtime';
import { Link, simulatedBus, SimulatedProcess, type CrashPoint, type LinkFaults, type Pipeline, type Scheduler } from '@redqueen/testkit';
import type { Witness } from '../checks/witness.ts';
import { outboxPipeline, type Repetition } from './outbox-pipeline.ts';
import { policyRpc, type PolicyServer } from './policy-rpc.ts';
import { createService, type Service, type ServiceName } from './services.ts';

/** Time until a service whose actor could not be started is started again. */
const restartMs = 500;

/** What all processes of a cluster have in common. */
export interface ClusterParts {
  readonly record: RunRecord;
  readonly seed: number;
  readonly scheduler: Scheduler;
  readonly bus: Bus;
  readonly witness: Witness;
  readonly settings: Partial<ActorSettings>;
  /** Messages that a pool actor may have in hand at once. */
  readonly concurrency: number;
  readonly repetition: Repetition;
  /** Services with two processes. */
  readonly doubled: readonly ServiceName[];
}

/** A process with its service. */
export interface Node {
  readonly service: ServiceName;
  readonly process: SimulatedProcess;
  readonly link: Link;
  /** Undefined until its actor has been started. */
  host: ActorHost | undefined;
  policies: Service['policies'];
}

/** Services as processes on one bus. A process that is killed stays dead: another one takes its place. */
export class Cluster {
  faults: LinkFaults;
  /** Until when nothing can be stored in the run's stream. */
  leaderlessUntil = 0;
  readonly nodes: Node[] = [];
  readonly #parts: ClusterParts;
  readonly #random: Random;
  readonly #incarnations = new Map<ServiceName, number>();

  constructor(parts: ClusterParts, faults: LinkFaults) {
    this.#parts = parts;
    this.faults = faults;
    this.#random = randomOf(parts.seed, 'network');
  }

  /** Processes that are not dead. */
  get living(): Node[] {
    return this.nodes.filter(({ process }) => !process.isDead);
  }

  of(service: ServiceName): Node[] {
    return this.living.filter((node) => node.service === service);
  }

  /** Starts one more process of a service. */
  start(service: ServiceName, crashPoint?: CrashPoint): Node {
    const { scheduler } = this.#parts;
    const incarnation = (this.#incarnations.get(service) ?? 0) + 1;
    this.#incarnations.set(service, incarnation);
    const process = new SimulatedProcess(`${service}.${incarnation}`, scheduler);
    const link = new Link(process, this.#random, this.faults);
    link.crashPoint = crashPoint;
    const node: Node = { service, process, link, host: undefined, policies: undefined };
    this.nodes.push(node);
    scheduler.note(`${process.name} started`);
    void this.#run(node);
    return node;
  }

  /** Starts a process of a service that has fewer than it should. */
  startMissing(service: ServiceName): void {
    if (this.of(service).length < (this.#parts.doubled.includes(service) ? 2 : 1)) this.start(service);
  }

  async #run(node: Node): Promise<void> {
    const { process, link, service: name } = node;
    const { record, settings, bus: shared, witness, seed, repetition } = this.#parts;
    const observer = witness.observe;
    const isLeaderless = (): boolean => process.scheduler.now < this.leaderlessUntil;
    const pipeline = witnessed(outboxPipeline({ bus: shared, link, observer, repetition, seed, isLeaderless }), process.name, witness);
    const bus = simulatedBus({ bus: shared, link, pipeline, observer });
    const policy = policyRpc(process, () => this.#policyServer(), this.#random);
    const service = createService(name, { record, process, bus, policy });
    node.policies = service.policies;
    const { run, seed: runSeed } = record;
    const options = { bus, run, runSeed, clock: process.clock, ids: { next: () => process.name }, logger: silentLogger, settings };
    for (;;) {
      try {
        node.host = await startActor(this.#observed(service.actor, process.name), options);
        service.attached?.(node.host);
        return;
      } catch {
        await process.clock.sleep(restartMs);
      }
    }
  }

  #observed(actor: Actor, process: string): Actor {
    const { witness, concurrency } = this.#parts;
    if (actor.type === 'pool') {
      const receive: typeof actor.receive = async (message, context) => {
        const tells = await witness.inHand(process, actor, () => actor.receive(message, context));
        witness.handled(process, actor.address, message.id, tells.length);
        return tells;
      };
      return { ...actor, concurrency, receive };
    }
    const receive: typeof actor.receive = async (state, message, context) => {
      const effects = await actor.receive(state, message, context);
      witness.handled(process, actor.address, message.id, effects.tells.length);
      return effects;
    };
    return { ...actor, receive };
  }

  /** Where a call to the policy service goes: to the newest process of it, as a service address does. */
  #policyServer(): PolicyServer | undefined {
    const newest = this.of('policy').at(-1);
    return newest?.policies && { process: newest.process, policies: newest.policies };
  }
}

function witnessed(pipeline: Pipeline, process: string, witness: Witness): Pipeline {
  return {
    ...pipeline,
    publish: (message: MessageInput) => {
      witness.telling(process, addressText(message.from));
      return pipeline.publish(message);
    },
  };
}
