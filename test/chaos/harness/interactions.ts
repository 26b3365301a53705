import type { Attempts, Batch, Candidate, Message, Settlement } from '@redqueen/contract';
import { checkAnswer } from '@redqueen/environments/truth';
import { carriesReward, taskOf, type StoredMessage } from '@redqueen/runtime';
import { Book, Numbers } from './books.ts';

/** What an audit found; every line names the message or episode. */
export interface Findings {
  /** What should have come and never did, and episodes that became void because something never came. */
  readonly lost: readonly string[];
  /** What came, was counted or was trained on more than once. */
  readonly twice: readonly string[];
  /** Numbers that contradict the facts on the stream. */
  readonly wrong: readonly string[];
}

interface Attempted {
  readonly rewarded: number;
  readonly right: readonly number[];
}

/** Which attempts carry reward, and which of them are right by ground truth. */
function attempted({ spec, group }: Attempts): Attempted {
  const task = taskOf(spec);
  const samples = (group?.samples ?? []).flatMap(({ failure, text }, turn) => (carriesReward(failure) ? [{ failure, text, turn }] : []));
  const right = samples.filter(({ failure, text }) => failure === 'FAILURE_CLASS_OK' && checkAnswer(task, text).correct);
  return { rewarded: samples.length, right: right.map(({ turn }) => turn) };
}

/**
 * Follows a run's stream and keeps account of every interaction: each slot gets its tasks, each task one group of attempts, one set of verdicts and one settlement;
 * each batch is told once and consumed once by a candidate; each candidate is decided once. Knows nothing of the services' own code but the messages: what the executor
 * earns is computed again from the answers and the ground truth. For recipes that pay executors by outcome alone, like the default one.
 */
export class InteractionAudit {
  readonly #ids = new Book();
  readonly #tasks = new Book();
  readonly #attempts = new Book();
  readonly #verdicts = new Book();
  readonly #predictions = new Book();
  readonly #settlements = new Book();
  readonly #decisions = new Book();
  readonly #anchors = new Book();
  readonly #digests = new Set<string>();
  readonly #consumed = new Book();
  readonly #batches = new Numbers();
  readonly #chain = new Numbers();
  readonly #attempted = new Map<string, Attempted>();
  readonly #committed = new Map<string, Candidate>();
  readonly #voids = new Map<string, number>();
  readonly #lost: string[] = [];
  readonly #twice: string[] = [];
  readonly #wrong: string[] = [];
  #head = '';
  readonly counts = { messages: 0, tasks: 0, settled: 0, voided: 0, batches: 0, candidates: 0 };
  /** When settlements, and when commits of the trainer, were stored. */
  readonly times: { readonly settlements: number[]; readonly commits: number[] } = { settlements: [], commits: [] };

  /** Takes note of the next message of the stream. */
  add({ message, storedAt }: StoredMessage): void {
    this.counts.messages++;
    if (!this.#ids.came(message.id)) this.#twice.push(`${message.kind} message ${message.id} is stored twice`);
    this.#note(message);
    if (message.kind === 'settlement') this.times.settlements.push(storedAt);
    if (message.kind === 'candidate' || message.kind === 'released' || message.kind === 'refused') this.times.commits.push(storedAt);
  }

  /** What is under way: empty once everything that was begun has ended. */
  get open(): readonly string[] {
    const books = [this.#tasks, this.#attempts, this.#verdicts, this.#predictions, this.#settlements, this.#decisions, this.#anchors];
    return books.flatMap(({ missing }) => missing);
  }

  /** Why episodes became void, with how many did. */
  get voids(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#voids);
  }

  /** What is wrong, with everything that is still open counted as lost. */
  findings(): Findings {
    return { lost: [...this.#lost, ...this.open], twice: this.#twice, wrong: this.#wrong };
  }

  #once(book: Book, id: string, what: string): void {
    if (!book.came(id)) this.#twice.push(`${what} came twice`);
  }

  #note(message: Message): void {
    switch (message.kind) {
      case 'slot':
        for (let index = 0; index < message.body.proposals; index++)
          this.#tasks.expect(`${message.body.slotId}.${index}`, `task ${message.body.slotId}.${index}`);
        return;
      case 'task':
        return this.#task(message.body.taskId);
      case 'rejected':
        return this.#settlements.expect(
          `${message.body.slotId}.${message.body.index}/r`,
          `settlement of a rejected proposal of ${message.body.slotId}`,
        );
      case 'attempts':
        this.#once(this.#attempts, message.body.taskId, `attempts of ${message.body.taskId}`);
        this.#attempted.set(message.body.taskId, attempted(message.body));
        return;
      case 'transitions':
        this.#predictions.expect(message.body.taskId, `predictions of ${message.body.taskId}`);
        return this.#settlements.expect(`${message.body.taskId}/w`, `settlement of the predictions of ${message.body.taskId}`);
      case 'predictions':
        return this.#once(this.#predictions, message.body.taskId, `predictions of ${message.body.taskId}`);
      case 'verdicts':
        return this.#once(this.#verdicts, message.body.taskId, `verdicts of ${message.body.taskId}`);
      case 'settlement':
        return this.#settlement(message.body);
      case 'batch':
        return this.#batch(message.body);
      case 'candidate':
        return this.#candidate(message.body);
      case 'released':
      case 'refused':
        return this.#once(
          this.#decisions,
          `${message.body.agent} ${message.body.version}`,
          `decision on ${message.body.agent} version ${message.body.version}`,
        );
      case 'anchorTask':
        return this.#anchors.expect(message.body.anchorId, `answer to anchor task ${message.body.anchorId}`);
      case 'anchorResult':
        return this.#once(this.#anchors, message.body.anchorId, `answer to anchor task ${message.body.anchorId}`);
      default:
        return;
    }
  }

  #task(id: string): void {
    this.counts.tasks++;
    this.#once(this.#tasks, id, `task ${id}`);
    this.#attempts.expect(id, `attempts of ${id}`);
    this.#verdicts.expect(id, `verdicts of ${id}`);
    this.#settlements.expect(id, `settlement of ${id}`);
  }

  #settlement(body: Settlement): void {
    const { episodeId, index, digest, previousDigest, status, reason } = body;
    this.#once(this.#settlements, episodeId, `settlement of ${episodeId}`);
    const fault = this.#chain.fault('settlement', index);
    if (fault) this.#twice.push(fault);
    if (previousDigest !== this.#head) this.#wrong.push(`settlement ${index} does not follow the one before it`);
    this.#head = digest;
    this.#digests.add(digest);
    if (status === 'SETTLEMENT_STATUS_SETTLED') return this.#settled(body);
    this.counts.voided++;
    if (reason === '') this.#wrong.push(`settlement of ${episodeId} is void and does not say why`);
    const kind = reason.replaceAll(/\d+/g, 'n');
    this.#voids.set(kind, (this.#voids.get(kind) ?? 0) + 1);
    if (reason.startsWith('expired')) this.#lost.push(`${episodeId} is void: ${reason}`);
  }

  #settled({ episodeId, attempts, solved, totals }: Settlement): void {
    this.counts.settled++;
    const known = this.#attempted.get(episodeId);
    if (!known) {
      if (/^\d+\.\d+\.\d+$/.test(episodeId)) this.#wrong.push(`settlement of ${episodeId} comes before its attempts`);
      return;
    }
    this.#attempted.delete(episodeId);
    if (attempts !== known.rewarded || solved !== known.right.length)
      this.#wrong.push(
        `${episodeId}: settled with ${solved} of ${attempts} right, the answers say ${known.right.length} of ${known.rewarded}`,
      );
    const executor = totals.find(({ agent }) => agent.startsWith('executor/'));
    const earned = (executor?.turns ?? []).filter((_, index) => executor?.totals[index] !== 0);
    if (earned.join() !== known.right.join())
      this.#wrong.push(`${episodeId}: attempts ${earned.join()} were paid, ${known.right.join()} are right`);
  }

  #batch({ agent, number, settlementDigests }: Batch): void {
    this.counts.batches++;
    const fault = this.#batches.fault(agent, number);
    if (fault) this.#twice.push(`batch of ${fault}`);
    for (const digest of settlementDigests) {
      if (!this.#digests.has(digest)) this.#wrong.push(`batch ${number} of ${agent} names a settlement that is not on the stream`);
      if (agent.startsWith('executor/') && !this.#consumed.came(`${agent} ${digest}`))
        this.#twice.push(`batch ${number} of ${agent} holds a settlement that an earlier one held`);
    }
  }

  /** One update a batch: a batch left out, or trained on twice in the committed lineage, would part the two numbers. */
  #candidate(body: Candidate): void {
    const { agent, version, updates, consumedBatches } = body;
    this.counts.candidates++;
    const before = this.#committed.get(agent);
    this.#committed.set(agent, body);
    this.#decisions.expect(`${agent} ${version}`, `decision on ${agent} version ${version}`);
    if (before && version <= before.version) this.#twice.push(`candidate ${version} of ${agent} after ${before.version}`);
    if (before && consumedBatches <= before.consumedBatches)
      this.#twice.push(`candidate ${version} of ${agent} consumed no batch that ${before.version} had not`);
    if (updates !== consumedBatches)
      this.#twice.push(`candidate ${version} of ${agent}: ${updates} updates from ${consumedBatches} batches`);
    if (consumedBatches > this.#batches.last(agent))
      this.#wrong.push(`candidate ${version} of ${agent} consumed batches that were never told`);
  }
}
