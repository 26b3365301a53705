/** What a lane can be busy with. */
export type WorkKind = 'sample' | 'score' | 'train';

interface Job<Member> {
  readonly kind: WorkKind;
  /** Whether no lane may do anything else meanwhile. */
  readonly alone: boolean;
  readonly run: (member: Member) => Promise<void>;
}

/** Hands pieces of work to free lanes, the owners taking turns, so that no agent waits for another's whole batch. */
export class LanePool<Member> {
  readonly #idle: Member[];
  readonly #queues = new Map<string, Job<Member>[]>();
  readonly #seconds: Record<WorkKind, number> = { sample: 0, score: 0, train: 0 };
  readonly #now: () => number;
  readonly #size: number;
  /** The job whose turn it is, while it waits until all lanes are free. */
  #held: Job<Member> | undefined;

  /** `now`: seconds of a monotonic clock, for the accounts. */
  constructor(members: readonly Member[], now: () => number) {
    this.#idle = members.toReversed();
    this.#now = now;
    this.#size = members.length;
  }

  /** Seconds that lanes were occupied, by kind of work, summed over lanes. */
  get seconds(): Readonly<Record<WorkKind, number>> {
    return { ...this.#seconds };
  }

  /** Runs work on some lane, when the owner's turn comes. Work of one owner starts in the order given. */
  run<Result>(owner: string, kind: WorkKind, work: (member: Member) => Promise<Result>): Promise<Result> {
    return this.#add(owner, kind, false, work);
  }

  /** Runs work that computes on as many threads as there are lanes: when the owner's turn comes, and no lane does anything else meanwhile. */
  runAlone<Result>(owner: string, kind: WorkKind, work: () => Promise<Result>): Promise<Result> {
    return this.#add(owner, kind, true, work);
  }

  #add<Result>(owner: string, kind: WorkKind, alone: boolean, work: (member: Member) => Promise<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      const job: Job<Member> = { kind, alone, run: (member) => work(member).then(resolve, reject) };
      const queue = this.#queues.get(owner);
      if (queue === undefined) this.#queues.set(owner, [job]);
      else queue.push(job);
      this.#dispatch();
    });
  }

  #dispatch(): void {
    for (let member = this.#idle.at(-1); member !== undefined; member = this.#idle.at(-1)) {
      const job = this.#held ?? this.#next();
      this.#held = job;
      if (job === undefined || (job.alone && this.#idle.length < this.#size)) return;
      this.#held = undefined;
      const taken = job.alone ? this.#idle.splice(0) : this.#idle.splice(-1);
      void this.#occupy(member, taken, job);
    }
  }

  async #occupy(member: Member, taken: readonly Member[], job: Job<Member>): Promise<void> {
    const start = this.#now();
    // `run` settles the caller's promise and never rejects itself.
    await job.run(member);
    this.#seconds[job.kind] += (this.#now() - start) * taken.length;
    this.#idle.push(...taken);
    this.#dispatch();
  }

  /** The first job of the owner who has waited longest for a turn. */
  #next(): Job<Member> | undefined {
    for (const [owner, queue] of this.#queues) {
      const job = queue.shift();
      this.#queues.delete(owner);
      if (queue.length > 0) this.#queues.set(owner, queue);
      if (job !== undefined) return job;
    }
    return undefined;
  }
}
