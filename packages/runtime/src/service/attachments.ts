import { RedQueenError, type Clock, type RunRecord } from '@redqueen/core';
import { LedgerDamage } from '../ledger/damage.ts';
import type { Logger } from '../log/logger.ts';

/** A service's actors of one run at work. */
export interface Attached {
  /** How many there are. */
  readonly actors: number;
  /** Stops taking messages; resolves once what is in hand is finished or given back. */
  stop(): Promise<void>;
}

/** How to put a service to work on a run. */
export interface AttachmentsOptions {
  /** Starts the service's actors of a run. Where it throws, it is tried again as long as the run is under way. */
  readonly attach: (record: RunRecord) => Promise<Attached>;
  /** Called where `attach` throws `invalid_argument`: the recipe asks for what this service cannot do, and never will, or LedgerDamage. The run ends with that error. */
  readonly refuse: (record: RunRecord, error: RedQueenError) => Promise<unknown>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const retryPauseMs = 1000;

interface RunAttachment {
  /** Aborts when the run is no longer this service's to work on. */
  readonly ended: AbortController;
  readonly attached: Promise<Attached | undefined>;
}

/** The runs that a service is at work on. */
export class Attachments {
  readonly #options: AttachmentsOptions;
  readonly #runs = new Map<string, RunAttachment>();
  readonly #ending = new Set<Promise<void>>();

  constructor(options: AttachmentsOptions) {
    this.#options = options;
  }

  /** Runs at work on. */
  get runs(): readonly string[] {
    return [...this.#runs.keys()];
  }

  /** Takes note of a run's record: attaches where it is running, detaches where it is not. */
  update(record: RunRecord): void {
    const attachment = this.#runs.get(record.run);
    if (record.status === 'running' && !attachment) this.#attach(record);
    if (record.status !== 'running' && attachment) this.#detach(record.run, attachment);
  }

  /** Detaches every run. Resolves once all of them have ended, those detached before included. */
  async stop(): Promise<void> {
    for (const [run, attachment] of this.#runs) this.#detach(run, attachment);
    await Promise.all(this.#ending);
  }

  #attach(record: RunRecord): void {
    const ended = new AbortController();
    const before = [...this.#ending];
    // A run that is resumed at once must not meet the activation that is still ending.
    const attached = Promise.all(before).then(() => this.#tryToAttach(record, ended.signal));
    this.#runs.set(record.run, { ended, attached });
  }

  async #tryToAttach(record: RunRecord, signal: AbortSignal): Promise<Attached | undefined> {
    const { attach, clock, logger } = this.#options;
    while (!signal.aborted) {
      try {
        const attached = await attach(record);
        logger.info({ run: record.run, actors: attached.actors }, `attached to run ${record.run}`);
        return attached;
      } catch (error) {
        if (await this.#refused(record, RedQueenError.from(error))) return undefined;
        const { code, message } = RedQueenError.from(error);
        // Time alone mends nothing that a person must.
        const level = code === 'failed_precondition' ? 'error' : 'warn';
        logger[level]({ err: error, run: record.run }, `cannot work on run ${record.run} yet: ${message}`);
        await clock.sleep(retryPauseMs, signal).catch(() => {});
      }
    }
    return undefined;
  }

  async #refused(record: RunRecord, error: RedQueenError): Promise<boolean> {
    if (error.code !== 'invalid_argument' && !(error instanceof LedgerDamage)) return false;
    this.#options.logger.error({ err: error, run: record.run }, `run ${record.run} cannot work: ${error.message}`);
    await this.#options
      .refuse(record, error)
      .catch((reason: unknown) =>
        this.#options.logger.error({ err: reason, run: record.run }, `cannot record that run ${record.run} failed`),
      );
    return true;
  }

  #detach(run: string, attachment: RunAttachment): void {
    this.#runs.delete(run);
    attachment.ended.abort();
    const ending = this.#end(run, attachment).finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  async #end(run: string, { attached }: RunAttachment): Promise<void> {
    const { logger } = this.#options;
    try {
      await (await attached)?.stop();
      logger.info({ run }, `detached from run ${run}`);
    } catch (error) {
      logger.error({ err: error, run }, `the actors of run ${run} did not stop in order`);
    }
  }
}
