import { RedQueenError, seedOf, type Clock, type IdSource } from '@redqueen/core';
import type { PolicyDevice } from '@redqueen/llama';
import type { ReadyVersion, Served } from '../device/served.ts';
import { agentOf, settingsOf, type PolicyState, type RunPlan, type Version } from '../lineage/state.ts';
import { sha256Of } from '@redqueen/runtime';
import type { FileStores } from '../store/pruner.ts';
import type { LeaseTerms } from './request.ts';
import { meanLoss, scoreExamples, trainOn } from './training.ts';

/** Leases of a run that may be open at once: each holds an adapter and its optimizer's memory on the device. */
const mostOpen = 16;
/** The number under which the device serves a lease's weights. */
const leasedVersion = 1;

interface OpenLease {
  readonly agent: string;
  readonly generation: number;
  readonly ready: ReadyVersion;
  readonly over: AbortController;
}

/** A lease as whoever took it is told. */
export interface TakenLease {
  readonly lease: string;
  readonly version: Version;
  readonly lossBefore: number;
  readonly lossAfter: number;
}

/** What leases of a run are made of. */
export interface LeasesOptions {
  readonly plan: RunPlan;
  readonly served: Served;
  readonly stores: FileStores;
  readonly clock: Clock;
  readonly ids: IdSource;
}

/**
 * Ephemeral adapters of one run: copies of a version that are trained on examples, asked, and thrown away, for learning at test time (E. Akyürek et al.,
 * The surprising effectiveness of test-time training, arXiv 2411.07279). A lease lives in the device's process alone: it ends with it, when its time is up, or
 * when it is given back, and neither lineage nor ledger ever see it.
 */
export class Leases {
  readonly #options: LeasesOptions;
  readonly #open = new Map<string, OpenLease>();
  /** Leases that are being made count too. */
  #making = 0;

  constructor(options: LeasesOptions) {
    this.#options = options;
  }

  /** Takes a lease of an agent's version, the released one where none is named. Throws `resource_exhausted` where too many are open. */
  async take(state: PolicyState, agent: string, version: number | undefined, terms: LeaseTerms, signal: AbortSignal): Promise<TakenLease> {
    if (this.#open.size + this.#making >= mostOpen)
      throw new RedQueenError('resource_exhausted', `lease: ${mostOpen} are open in this run; end one, or wait until one is over`);
    this.#making++;
    try {
      const parent = await this.#options.served.ready(state, agent, version, signal);
      return await this.#take(state, agent, parent, terms, signal);
    } finally {
      this.#making--;
    }
  }

  async #take(state: PolicyState, agent: string, parent: ReadyVersion, terms: LeaseTerms, signal: AbortSignal): Promise<TakenLease> {
    const { device, generation } = await this.#options.served.device(agent, signal);
    const lease = this.#options.ids.next();
    const name = `${parent.agentName}~${lease}`;
    await this.#create(device, state, agent, parent, name);
    try {
      const before = await scoreExamples(device, parent.agentName, parent.source, terms);
      await trainOn(device, name, before, terms, settingsOf(this.#options.plan, agentOf(state, agent)).optimizer);
      signal.throwIfAborted();
      const { adapter } = await device.exportAgent(name);
      const hash = sha256Of(adapter);
      await device.loadVersion(name, leasedVersion, adapter, hash);
      const after = await scoreExamples(device, name, leasedVersion, terms);
      const version = { ...parent.version, source: leasedVersion, files: { adapter: hash, optimizer: '' } };
      this.#keep(
        lease,
        { agent, generation, ready: { device, agentName: name, source: leasedVersion, version }, over: new AbortController() },
        terms.seconds,
      );
      return { lease, version, lossBefore: meanLoss(before), lossAfter: meanLoss(after) };
    } catch (reason) {
      await device.removeAgent(name).catch(() => {});
      throw reason;
    }
  }

  async #create(device: PolicyDevice, state: PolicyState, agent: string, { version }: ReadyVersion, name: string): Promise<void> {
    const { plan, stores } = this.#options;
    const { rank, alpha } = settingsOf(plan, agentOf(state, agent)).adapter;
    const files = version.source === 0 || !version.files ? undefined : { adapter: await stores.adapters.get(version.files.adapter) };
    await device.createAgent(name, { rank, alpha, seed: seedOf(plan.seed, agent, 'adapter') }, files);
  }

  #keep(lease: string, open: OpenLease, seconds: number): void {
    this.#open.set(lease, open);
    void this.#options.clock.sleep(seconds * 1000, open.over.signal).then(
      () => this.end(lease),
      () => {},
    );
  }

  /** The lease's weights, ready for a call. Throws `not_found` for one that is over and `invalid_argument` for another agent's. */
  async ready(lease: string, agent: string, signal?: AbortSignal): Promise<ReadyVersion> {
    const open = this.#open.get(lease);
    const over = (): never => {
      throw new RedQueenError('not_found', `lease ${JSON.stringify(lease)} is over or never was; take a new one`);
    };
    if (!open) return over();
    const { generation } = await this.#options.served.device(open.agent, signal);
    if (open.generation !== generation) {
      this.#open.delete(lease);
      open.over.abort();
      return over();
    }
    if (open.agent !== agent) throw new RedQueenError('invalid_argument', `agent: lease ${lease} is one of ${open.agent}, not of ${agent}`);
    return open.ready;
  }

  /** Ends a lease and frees its memory; one that is over already is no error. */
  async end(lease: string): Promise<void> {
    const open = this.#open.get(lease);
    if (!open) return;
    this.#open.delete(lease);
    open.over.abort();
    // A device that died has dropped it.
    await open.ready.device.removeAgent(open.ready.agentName).catch(() => {});
  }

  /** Ends all leases. */
  async close(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((lease) => this.end(lease)));
  }
}
