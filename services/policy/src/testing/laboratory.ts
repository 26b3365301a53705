import { decodeMessage, encodeMessage, type AnchorTaskInput, type Message, type ToldInput } from '@redqueen/contract';
import { RedQueenError, type Clock } from '@redqueen/core';
import { createMemoryBus, silentLogger, type Bus, type ObjectStore, type StatefulActor, type Tell } from '@redqueen/runtime';
import { policyActor } from '../actor.ts';
import { DeviceHost } from '../device/host.ts';
import type { PolicyState, RunPlan } from '../lineage/state.ts';
import { RunPolicies, storesOf } from '../run-policies.ts';
import { SimulatedDevice } from './simulated-device.ts';

/** Time that passes at once. */
const instantClock: Clock = { now: () => 0, sleep: () => Promise.resolve() };

const policy = { role: 'policy', key: '0' };

/**
 * policy/0 in a run, on a simulated device: hands it messages as the actor's host does (wire codec, snapshots, handling again after a failure)
 * and records what it tells.
 */
export class Laboratory {
  readonly plan: RunPlan;
  readonly bus: Bus;
  /** What was told, by message and index. Telling again must be telling the same. */
  readonly told = new Map<string, Tell>();
  readonly messages: Message[] = [];
  /** Devices in the order in which they were started. */
  readonly devices: SimulatedDevice[] = [];
  /** Writes of files that still succeed before one fails. */
  writesLeft = Number.POSITIVE_INFINITY;
  /** `trainingsLeft` of the devices that are started next. */
  trainingsOfNext: number[] = [];
  policies!: RunPolicies;
  state!: PolicyState;
  #actor!: StatefulActor<PolicyState>;
  #snapshot: Uint8Array | undefined;
  #since: Message[] = [];

  private constructor(plan: RunPlan, bus: Bus) {
    this.plan = plan;
    this.bus = bus;
  }

  static async open(plan: RunPlan, bus?: Bus): Promise<Laboratory> {
    const laboratory = new Laboratory(plan, bus ?? (await createMemoryBus({ clock: instantClock, logger: silentLogger })));
    await laboratory.bus.openRun(plan.run);
    await laboratory.restart();
    return laboratory;
  }

  /** The device that runs now. */
  get device(): SimulatedDevice {
    return this.devices.at(-1) as SimulatedDevice;
  }

  /** All tells of a kind, in order. */
  tells<Kind extends Tell['kind']>(kind: Kind): Extract<Tell, { kind: Kind }>['body'][] {
    return [...this.told.values()].filter((tell) => tell.kind === kind).map((tell) => tell.body as Extract<Tell, { kind: Kind }>['body']);
  }

  /** The process ends and comes back: everything but the stores, the newest snapshot and the stream is lost. */
  async restart(): Promise<void> {
    await this.#closeHosts();
    const start = async (): Promise<ReturnType<SimulatedDevice['process']>> => {
      const device = new SimulatedDevice();
      device.trainingsLeft = this.trainingsOfNext.shift() ?? Number.POSITIVE_INFINITY;
      this.devices.push(device);
      return device.process();
    };
    const host = new DeviceHost({ modelPath: 'none', threads: 1, start, clock: instantClock, logger: silentLogger });
    const options = {
      bus: this.bus,
      stores: storesOf(this.#stumblingBus(), this.plan.run),
      logger: silentLogger,
      clock: instantClock,
      ids: { next: () => 'lease' },
      vacated: Promise.resolve(),
      fail: () => Promise.resolve(),
    };
    this.policies = new RunPolicies({ plan: this.plan, hosts: { all: [host], of: () => host }, ...options });
    this.#actor = policyActor(this.policies);
    await this.#recover();
  }

  async #closeHosts(): Promise<void> {
    await Promise.all(this.policies?.hosts.all.map((host) => host.close()) ?? []);
  }

  #stumblingBus(): Bus {
    const objects = async (bucket: string): Promise<ObjectStore> => {
      const store = await this.bus.objects(bucket);
      const put = async (name: string, bytes: Uint8Array): Promise<void> => {
        if (this.writesLeft-- > 0) return store.put(name, bytes);
        this.writesLeft = Number.POSITIVE_INFINITY;
        throw new RedQueenError('unavailable', 'the object store is away');
      };
      return {
        put,
        get: (name) => store.get(name),
        size: (name) => store.size(name),
        delete: (name) => store.delete(name),
        list: () => store.list(),
      };
    };
    return Object.assign(Object.create(this.bus) as Bus, { objects, keyValue: (bucket: string) => this.bus.keyValue(bucket) });
  }

  /** Hands a message over, again until it is handled. */
  async send(told: ToldInput, id = `m${this.messages.length}`): Promise<void> {
    const envelope = { id, run: this.plan.run, from: policy, to: policy, cause: '', traceparent: '' };
    const message = decodeMessage(encodeMessage({ ...envelope, ...told }));
    this.messages.push(message);
    await this.deliver(message);
  }

  /** Hands over a message that was recorded. */
  async deliver(message: Message): Promise<void> {
    this.#since.push(message);
    for (;;) {
      try {
        await this.#handle(message);
        if (this.#actor.canSnapshot?.(this.state) !== false) this.#store();
        return;
      } catch (reason) {
        if (RedQueenError.from(reason).code !== 'unavailable') {
          this.#since.pop();
          throw reason;
        }
        this.#since.pop();
        await this.#recover();
        this.#since.push(message);
      }
    }
  }

  #store(): void {
    this.#snapshot = this.#actor.encode(this.state);
    this.#since = [];
  }

  async #recover(): Promise<void> {
    for (;;) {
      try {
        this.state = this.#snapshot ? this.#actor.decode(this.#snapshot) : this.#actor.initial();
        await this.#actor.activated?.(this.state, this.#context('activation'));
        for (const message of this.#since) await this.#handle(message);
        return;
      } catch (reason) {
        if (RedQueenError.from(reason).code !== 'unavailable') throw reason;
      }
    }
  }

  async #handle(message: Message): Promise<void> {
    const effects = await this.#actor.receive(this.state, message, this.#context(message.id));
    for (const [index, tell] of effects.tells.entries()) {
      const key = `${message.id}.${index}`;
      const before = this.told.get(key);
      if (before && JSON.stringify(before) !== JSON.stringify(tell))
        throw new Error(`told differently: ${JSON.stringify(before)} and then ${JSON.stringify(tell)}`);
      this.told.set(key, tell);
    }
    this.state = effects.state;
  }

  #context(id: string): Parameters<StatefulActor<PolicyState>['receive']>[2] {
    const random = (): never => {
      throw new Error(`policy/0 draws no random numbers (${id})`);
    };
    return { run: this.plan.run, self: policy, clock: instantClock, random, signal: new AbortController().signal };
  }

  async close(): Promise<void> {
    await this.#closeHosts();
    await this.policies.pruner.settled();
    await this.bus.close();
  }
}

/** A batch with one group of one sample, whose prompt is the batch's number: what a simulated device writes into its weights. */
export function batchOf(agent: string, number: number, version = 0): Extract<ToldInput, { kind: 'batch' }> {
  const sample = { tokens: [7], oldLogProbs: [-0.5], advantages: [1] };
  const groups = [{ episodeId: `e${number}`, promptTokens: [number], samples: [sample], version }];
  return { kind: 'batch', body: { agent, number, groups, normaliser: 1, episodes: 2, sampledTokens: 10, meanReward: 0.5 } };
}

/** The gate's answer to an anchor task. */
export function answerTo(
  task: AnchorTaskInput,
  passed: readonly boolean[],
  adapterHash: string,
): Extract<ToldInput, { kind: 'anchorResult' }> {
  const { anchorId = '', agent = '', version = 0 } = task;
  const policyStamp = { agent, version, adapterHash };
  return {
    kind: 'anchorResult',
    body: { anchorId, task, passed: [...passed], figures: [], arms: [], policy: policyStamp, anchorsHash: 'frozen' },
  };
}
