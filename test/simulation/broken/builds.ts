import type { Family } from '../plan.ts';

/** A text of a source file and what a broken build has instead. */
export interface Edit {
  /** From the repository's root. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A build that breaks a promise. */
export interface BrokenBuild {
  readonly name: string;
  /** The promise that a check must find broken: one of the runtime's, or a rule of the ledger. */
  readonly promise: string;
  /** What it does wrong. */
  readonly fault: string;
  /** The schedules that are to catch it. */
  readonly family: Family;
  /** Number of the first schedule to try. */
  readonly from: number;
  readonly edits: readonly Edit[];
}

const actors = 'packages/runtime/src/actors';
const aggregator = 'services/reward-aggregator/src';

/** Lets messages that come again through to their actor, so that its own rules are what is left. */
const repetitionsHandled: Edit = {
  file: `${actors}/activation.ts`,
  find: 'if (this.#recent.has(message.id, sequence)) {',
  replace: "if (message.id === '') {",
};

/** For every promise at least one build that does not keep it. */
export const brokenBuilds: readonly BrokenBuild[] = [
  {
    name: 'unfenced-tells',
    promise: 'A1',
    fault: 'a zombie goes on telling',
    family: 'again',
    from: 125,
    edits: [
      {
        file: `${actors}/lease.ts`,
        find: `    if (!this.#lost.signal.aborted && this.#request.clock.now() >= this.#validUntil) this.#lose('it could not be renewed in time');
    this.#lost.signal.throwIfAborted();`,
        replace: '',
      },
    ],
  },
  {
    name: 'unfenced-snapshots',
    promise: 'A1',
    fault: 'a zombie writes its snapshot over a newer one',
    family: 'again',
    from: 1,
    edits: [
      {
        file: `${actors}/snapshots.ts`,
        find: 'this.#revision = await this.#bucket.update(this.#key, value, this.#revision);',
        replace: 'this.#revision = await this.#bucket.put(this.#key, value);',
      },
    ],
  },
  {
    name: 'impatient-lease',
    promise: 'A1',
    fault: 'a lease is taken from its holder before its time is over',
    family: 'again',
    from: 0,
    edits: [
      {
        file: `${actors}/lease.ts`,
        find: 'now - seenAt >= request.leaseMs',
        replace: 'now - seenAt >= 0',
      },
    ],
  },
  {
    name: 'early-acknowledgement',
    promise: 'A2',
    fault: 'a message is acknowledged before it is handled',
    family: 'crash',
    from: 0,
    edits: [
      {
        file: `${actors}/pool-host.ts`,
        find: '      const known = await this.#toldBefore(delivery, message);',
        replace: `      void delivery.acknowledge();
      const known = await this.#toldBefore(delivery, message);`,
      },
    ],
  },
  {
    name: 'told-again-by-writer',
    promise: 'A3',
    fault: 'a single writer tells again what its last activation told',
    family: 'crash',
    from: 120,
    edits: [
      {
        file: `${actors}/activation.ts`,
        find: `      if (known.has(told.id)) continue;
`,
        replace: '',
      },
    ],
  },
  {
    name: 'told-again-by-pool',
    promise: 'A3',
    fault: 'a pool actor tells again what it told before it died',
    family: 'crash',
    from: 0,
    edits: [
      {
        file: `${actors}/pool-host.ts`,
        find: 'return await this.#told.since(first ?? sequence);',
        replace: 'return undefined;',
      },
    ],
  },
  {
    name: 'fresh-ids',
    promise: 'A2',
    fault: 'ids are not derived from the input',
    family: 'any',
    from: 0,
    edits: [
      {
        file: `${actors}/context.ts`,
        find: 'id: derivedId(id, teller, index)',
        replace: 'id: derivedId(id, teller, index + Math.floor(performance.now() * 1000))',
      },
    ],
  },
  {
    name: 'ids-without-teller',
    promise: 'told',
    fault: 'two actors that handle one message give what they tell the same ids',
    family: 'any',
    from: 0,
    edits: [
      // Makes the aggregator close an episode because of the message that the verifier answers as well.
      {
        file: `${aggregator}/fold/close.ts`,
        find: 'valid < Math.min(fewestAttempts, all)',
        replace: "episode.id === '0.0.0' || valid < Math.min(fewestAttempts, all)",
      },
      {
        file: 'packages/core/src/ids.ts',
        find: "hash('told', inputId, teller, index)",
        replace: "hash('told', inputId, index)",
      },
    ],
  },
  {
    name: 'unbounded-handlers',
    promise: 'A4',
    fault: 'a host takes more messages in hand than it may',
    family: 'any',
    from: 1,
    edits: [
      {
        file: `${actors}/pool-host.ts`,
        find: 'if (this.#inHand.size >= this.#actor.concurrency) await',
        replace: 'if (this.#inHand.size > this.#actor.concurrency * 1000) await',
      },
    ],
  },
  {
    name: 'no-dead-letters',
    promise: 'A5',
    fault: 'a message that cannot be handled is tried for ever',
    family: 'any',
    from: 5,
    edits: [
      {
        file: `${actors}/handler-failure.ts`,
        find: "if (reason instanceof RedQueenError && reason.code === 'invalid_argument') return true;",
        replace: 'if (tries.failures >= 0) return false;',
      },
    ],
  },
  {
    name: 'poison-forgotten',
    promise: 'A5',
    fault: 'a message that cannot be handled is dropped without a letter',
    family: 'any',
    from: 5,
    edits: [
      {
        file: `${actors}/pool-host.ts`,
        find: `    await this.#deadLetters.record({ run, actor: this.address, sequence, message, cause, deliveries });
`,
        replace: `    void [run, message, cause, deliveries];
`,
      },
    ],
  },
  {
    name: 'tells-reversed',
    promise: 'A6',
    fault: 'what one message makes an actor tell is stored in another order',
    family: 'any',
    from: 0,
    edits: [
      {
        file: `${actors}/activation.ts`,
        find: 'of toldMessages(this.#actor.address, message, tells)) {',
        replace: 'of toldMessages(this.#actor.address, message, tells).toReversed()) {',
      },
    ],
  },
  {
    name: 'snapshot-ahead-of-state',
    promise: 'replay',
    fault: 'a snapshot names a later message than its state holds',
    family: 'any',
    from: 1,
    edits: [
      {
        file: `${actors}/activation.ts`,
        find: 'await this.#snapshots?.save({ sequence, last, stream, bytes });',
        replace: `await this.#snapshots?.save({
        sequence: this.#sequence,
        last: messageDigest(this.#last as Uint8Array),
        stream: this.#chain?.position.digest ?? stream,
        bytes,
      });`,
      },
    ],
  },
  {
    name: 'snapshot-ahead-of-told',
    promise: 'snapshot',
    fault: 'a snapshot does not wait until what was told is confirmed',
    family: 'any',
    from: 29,
    edits: [
      {
        file: `${actors}/activation.ts`,
        find: `      await this.#confirmations.settled();
      this.#actor.witness?.flush();`,
        replace: '      this.#actor.witness?.flush();',
      },
    ],
  },
  {
    name: 'handled-twice',
    promise: 'replay',
    fault: 'a message that comes again is handled again',
    family: 'again',
    from: 0,
    edits: [repetitionsHandled],
  },
  {
    name: 'added-twice',
    promise: 'settled right',
    fault: 'a reward that comes again is added again',
    family: 'again',
    from: 106,
    edits: [
      repetitionsHandled,
      {
        file: `${aggregator}/fold/record-rewards.ts`,
        find: `  if (known !== undefined) return known === reward.value ? 'duplicate' : 'other-value';
  if (rewards.size >= mostRewards) return 'too-many';
  rewards.set(key, reward.value);`,
        replace: '  rewards.set(key, (known ?? 0) + reward.value);',
      },
    ],
  },
  {
    name: 'late-added',
    promise: 'settled once',
    fault: 'what comes for a closed episode opens it again',
    family: 'again',
    from: 2,
    edits: [
      repetitionsHandled,
      {
        file: `${aggregator}/fold/episodes.ts`,
        find: `  if (state.closed.has(name.id)) return true;
`,
        replace: '',
      },
    ],
  },
  {
    name: 'missing-as-zero',
    promise: 'settled right',
    fault: 'a reward that has not come counts as zero',
    family: 'any',
    from: 0,
    edits: [
      {
        file: `${aggregator}/fold/close.ts`,
        find: '  if (episode.rewards.size < expected.length || expected.some(({ key }) => !episode.rewards.has(key))) return;',
        replace: `  const value = (name: string, of: Turn): number | undefined => episode.rewards.get(rewardKeyText(name, of.agent, of.turn));
  for (const { key, term, turn } of expected)
    if (!episode.rewards.has(key)) episode.rewards.set(key, term.formula(facts, turn, { trust: 0, value }) ?? 0);`,
      },
    ],
  },
  {
    name: 'chain-skipped',
    promise: 'chain',
    fault: 'a settlement does not name the one before it',
    family: 'any',
    from: 0,
    edits: [
      {
        file: `${aggregator}/fold/settle.ts`,
        find: 'previousDigest: chain.digest,',
        replace: "previousDigest: chain.index % 5 === 4 ? '' : chain.digest,",
      },
    ],
  },
  {
    name: 'trained-twice',
    promise: 'trained once',
    fault: 'a new activation trains on from what the device has of the one before',
    family: 'any',
    from: 89,
    edits: [
      {
        file: 'services/policy/src/device/trainer.ts',
        find: 'await this.#served.fresh(agent);',
        replace: 'await this.#served.agent(agent);',
      },
    ],
  },
  {
    name: 'batch-dropped',
    promise: 'trained once',
    fault: 'a batch that came before a crash is not trained on again',
    family: 'crash',
    from: 85,
    edits: [
      {
        file: 'services/policy/src/device/trainer.ts',
        find: '      if (stats) await this.#update(device, agent, batch, learningRate);',
        replace: '      void [batch, learningRate, stats];',
      },
    ],
  },
];
