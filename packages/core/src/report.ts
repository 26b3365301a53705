// The report of a run: one JSON document that the gateway writes, the page shows and the SDK returns (docs/reference/report.md).

/** A point of a curve. */
export interface CurvePoint {
  /** Seconds since the run's first message. */
  readonly seconds: number;
  readonly value: number;
}

/** A measured number with the number of items behind it. */
export interface MeasuredFigure {
  readonly name: string;
  readonly value: number;
  readonly count: number;
}

/** How one (family, level) did in a set of anchors. */
export interface MeasuredArm {
  readonly family: string;
  readonly level: number;
  readonly count: number;
  /** Number passed, or the sum of scores in [0, 1]. */
  readonly passed: number;
}

/** One look at an agent's held-out report anchors. */
export interface HeldOutLook {
  /** "start", "1", "2", … or "end". */
  readonly point: string;
  readonly seconds: number;
  /** Updates in the agent's life when it was asked. */
  readonly updates: number;
  /** The version that was measured. */
  readonly version: number;
  readonly figures: readonly MeasuredFigure[];
  readonly arms: readonly MeasuredArm[];
  /** SHA-256 over the anchors, hex: looks with different hashes cannot be compared. */
  readonly anchorsHash: string;
}

/** Something that happened to an agent's lineage. */
export interface LineageMark {
  readonly event: 'released' | 'refused' | 'rolled-back' | 'promoted';
  readonly version: number;
  /** For a rollback or promotion the version whose adapter it is; otherwise equal to version. */
  readonly sourceVersion: number;
  readonly reason: string;
  readonly seconds: number;
  readonly updates: number;
  readonly adapterHash: string;
  /** Gate anchors that the parent passed and this version fails, and the other way round. */
  readonly passToFail: number;
  readonly failToPass: number;
  readonly figures: readonly MeasuredFigure[];
}

/** Everything measured of one agent. */
export interface AgentReport {
  readonly agent: string;
  readonly role: string;
  /** The released version and its adapter (empty for version 0). */
  readonly version: number;
  readonly adapterHash: string;
  readonly updates: number;
  readonly batches: number;
  readonly released: number;
  readonly refused: number;
  readonly rolledBack: number;
  /** Oldest first; of a long run only the newest 400. */
  readonly marks: readonly LineageMark[];
  readonly heldOut: readonly HeldOutLook[];
  /** Largest canary difference of any candidate between our engine and stock llama.cpp. */
  readonly canaryDifference: number;
  readonly gradientNorm: readonly CurvePoint[];
  readonly entropy: readonly CurvePoint[];
}

/** A value with its sample size and, where it is a proportion, its 95 % Wilson interval. */
export interface Measured {
  readonly value: number;
  readonly count: number;
  readonly low?: number;
  readonly high?: number;
}

/** One line of the before/after table. */
export interface HeldOutRow {
  readonly role: string;
  readonly agent: string;
  /** An environment of the recipe, or "all". */
  readonly environment: string;
  /** A family, or "" for the environment as a whole. */
  readonly family: string;
  readonly figure: string;
  /** Whether more is better. */
  readonly higherIsBetter: boolean;
  readonly before: Measured;
  /** The newest measurement; equal to before while there is only one. */
  readonly after: Measured;
}

/** Rewards of one term. */
export interface RewardReport {
  readonly agent: string;
  readonly term: string;
  readonly count: number;
  /** Over the whole run. */
  readonly mean: number;
  /** Moving mean. */
  readonly curve: readonly CurvePoint[];
}

/** What a monitor shows. */
export interface MonitorReport {
  /** Newest value by figure. */
  readonly figures: Readonly<Record<string, number>>;
  /** By figure. */
  readonly curves: Readonly<Record<string, readonly CurvePoint[]>>;
  /** Why a knob that it wanted turned was not; absent where all is well. */
  readonly problem?: string;
}

/** What the loop knows of one (family, level). */
export interface FrontierCell {
  readonly environment: string;
  readonly family: string;
  readonly level: number;
  readonly episodes: number;
  readonly attempts: number;
  /** Moving mean of the share of right attempts in training; absent before the first episode. */
  readonly solveRate?: number;
  /** Share of the newest slots that went here. */
  readonly share: number;
  /** Held-out greedy accuracy at the start and at the newest look. */
  readonly heldOutBefore?: Measured;
  readonly heldOutAfter?: Measured;
}

/** One executor version at the tasks of one proposer version; a figure is absent where that version proposed no task. */
export interface CrossPlayCell {
  readonly proposer: number;
  readonly executor: number;
  /** Share of right answers at temperature 0 and 1, checked with the environment's truth. */
  readonly greedy?: Measured;
  readonly sampled?: Measured;
}

/**
 * Executor versions against proposer versions at the end of a run. The column of proposer version 0 and the row of executor version 0 are the frozen
 * opponents: progress against what does not learn. A cell that was not answered in time is missing.
 */
export interface CrossPlayReport {
  readonly proposers: readonly number[];
  readonly executors: readonly number[];
  readonly cells: readonly CrossPlayCell[];
}

/** One reward inside a conversation. */
export interface ConversationReward {
  readonly term: string;
  readonly value: number;
  readonly evidence: string;
}

/** One turn of an episode, readable by a person. */
export interface ConversationTurn {
  readonly speaker: string;
  /** "proposal", "task", "attempt", "evaluation", "scoring", "verdict", "settlement". */
  readonly kind: string;
  /** What the speaker was asked, as its policy read it; empty where nothing was. */
  readonly prompt: string;
  readonly text: string;
  readonly remark: string;
  readonly rewards: readonly ConversationReward[];
  readonly total?: number;
  readonly advantage?: number;
}

/** An episode opened as a conversation. */
export interface Conversation {
  readonly episode: string;
  readonly environment: string;
  readonly family: string;
  readonly level: number;
  readonly canonical: string;
  readonly origin: string;
  /** "settled", "void" or "open". */
  readonly status: string;
  readonly attempts: number;
  readonly solved: number;
  readonly turns: readonly ConversationTurn[];
  /** How the rewards became advantages, in words. */
  readonly explanation: string;
}

/** How old the samples were that one agent was trained on, at the moment of training, from the run's stream alone. */
export interface TrainedStaleness {
  readonly agent: string;
  /** Samples that candidates were trained on. */
  readonly samples: number;
  /** The same by how many releases came after the version that sampled them, from 0. */
  readonly histogram: readonly number[];
  readonly largest: number;
  /** Samples trained on though they were older than the recipe allows, or of no released version: 0, or the bound did not hold. */
  readonly beyond: number;
  /** Samples that became too old while their batch waited, and were left out by the trainer. */
  readonly leftOut: number;
  /** Samples that the aggregator left out because they were too old, or attested by no released version. */
  readonly dropped: number;
  readonly refused: number;
  /** Samples of batches that changed no weight that was kept: a learning rate of 0, no signal, a rollback. */
  readonly unused: number;
}

/** Counts of what was settled. */
export interface SettlementReport {
  readonly settled: number;
  readonly voided: number;
  /** Duplicates and late rewards that were dropped. */
  readonly duplicates: number;
  readonly voidReasons: Readonly<Record<string, number>>;
  /** Head of the settlement chain. */
  readonly digest: string;
}

/** What the policy device did while the run was under way. */
export interface DeviceReportSection {
  readonly model: string;
  readonly modelHash: string;
  readonly architecture: string;
  readonly backend: string;
  readonly threads: number;
  readonly sampledTokens: number;
  readonly trainedTokens: number;
  readonly busySeconds: number;
  /** Share of the busy time spent outside llama.cpp and ggml; absent before any work. */
  readonly outsideNative?: number;
  readonly secondsByWork: Readonly<Record<string, number>>;
  /** How much of the lanes' time nothing was done in; absent before any work. */
  readonly idle?: IdleRatios;
}

/** Idle shares of a run's lane time (its seconds times the device's threads), each in [0, 1]: docs/reference/report.md says which time is whose. */
export interface IdleRatios {
  /** Of all lane time. */
  readonly device: number;
  /** Of the lane time that training left. */
  readonly sampler: number;
  /** Of the lane time that sampling and scoring left. */
  readonly trainer: number;
}

/** What one process of the cluster costs. */
export interface ProcessCost {
  readonly service: string;
  /** Processor seconds since the process began, its native child included. */
  readonly cpuSeconds: number;
  /** Proportional set size in bytes. */
  readonly memoryBytes: number;
}

/** What the run costs. */
export interface CostReport {
  /** Seconds from the run's first message to its first candidate's commit. */
  readonly firstUpdateSeconds?: number;
  readonly device?: DeviceReportSection;
  /** Empty where the processes cannot be seen (another machine, no /proc). */
  readonly processes: readonly ProcessCost[];
}

/** A message that could not be handled. */
export interface DeadLetterReport {
  readonly id: string;
  readonly actor: string;
  readonly kind: string;
  readonly cause: string;
}

/** The report. */
export interface RunReport {
  /** Version of this shape. */
  readonly format: 1;
  readonly run: string;
  readonly recipe: string;
  readonly description: string;
  readonly seed: number;
  /** "running", "stopping", "stopped", "finished" or "failed". */
  readonly status: string;
  readonly error: string;
  readonly updates: number;
  readonly updatesDone: number;
  /** ISO 8601; endedAt is empty before the end. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** From the first to the newest message. */
  readonly elapsedSeconds: number;
  readonly messages: number;
  /** The before/after table. */
  readonly heldOut: readonly HeldOutRow[];
  readonly agents: readonly AgentReport[];
  readonly rewards: readonly RewardReport[];
  /** By the monitor's name. */
  readonly monitors: Readonly<Record<string, MonitorReport>>;
  readonly frontier: readonly FrontierCell[];
  /** Absent while the run goes on, and where the recipe asks for none. */
  readonly crossPlay?: CrossPlayReport;
  /** The (family, level) that gets the most slots now, e.g. "add-2"; empty before the first slot. */
  readonly focus: string;
  readonly staleness: {
    readonly mean: number;
    readonly largest: number;
    /** Samples left out because they were too old when their batch was told. */
    readonly dropped: number;
    /** Groups by staleness in versions, from 0. */
    readonly histogram: readonly number[];
    readonly curve: readonly CurvePoint[];
    /** The recipe's maxStaleness, and how old every sample was when it was trained on. */
    readonly bound: number;
    readonly trained: readonly TrainedStaleness[];
  };
  readonly attempts: {
    readonly sampled: number;
    readonly settled: number;
    readonly solved: number;
    readonly failures: Readonly<Record<string, number>>;
  };
  readonly proposals: { readonly accepted: number; readonly rejected: Readonly<Record<string, number>>; readonly generated: number };
  readonly tokens: {
    /** By role, of what was sampled to learn from; anchors are not counted. */
    readonly sampledByRole: Readonly<Record<string, number>>;
    readonly sampled: number;
    /** In batches told, by agent. */
    readonly trainedByAgent: Readonly<Record<string, number>>;
    readonly trained: number;
    /** Cumulative. */
    readonly sampledCurve: readonly CurvePoint[];
    readonly trainedCurve: readonly CurvePoint[];
  };
  readonly settlements: SettlementReport;
  readonly cost: CostReport;
  readonly deadLetters: readonly DeadLetterReport[];
  readonly episode?: Conversation;
  /** The newest events worth a line, newest last. */
  readonly notes: readonly { readonly seconds: number; readonly text: string }[];
}
