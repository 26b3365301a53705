// What the policy service and its native child process say to each other (Node IPC, structured clone).
import type { SamplingChoice } from '../engine/sampling-path.ts';

/** LoRA settings of an agent. */
export interface AdapterSettings {
  readonly rank: number;
  readonly alpha: number;
  /** Seed of the initial A matrices (B starts at zero). */
  readonly seed: number;
}

/** A prompt with the number of samples wanted and the seed of each sample stream. */
export interface SamplePrompt {
  readonly text: string;
  /** Token ids that the text goes on from, beginning-of-sequence token included; left out where the text is the whole prompt. */
  readonly tokens?: ArrayLike<number>;
  readonly samples: number;
  readonly seed: number;
}

/** One sampled continuation. */
export interface SampledSequence {
  readonly tokens: Int32Array;
  /** log p(token | prefix) at temperature 1, natural logarithm. */
  readonly logProbs: Float32Array;
  /** Entropy of each token's distribution at temperature 1, in nats; only where sampling computes it anyway. */
  readonly entropies?: Float32Array;
  readonly text: string;
  /** Whether the stop token was reached. */
  readonly stopped: boolean;
}

/** A prompt's samples. */
export interface SampledGroup {
  readonly promptTokens: Int32Array;
  readonly samples: readonly SampledSequence[];
}

/** One sample of a training batch. Every list has one entry a token. */
export interface TrainSample {
  readonly tokens: Int32Array;
  /** Natural log p under the policy that sampled the token. */
  readonly oldLogProbs: Float32Array;
  readonly advantages: Float32Array;
  /** 1 where the policy did not sample the token (a tool's output): it is read, and no loss, penalty or figure counts it. Absent: all were sampled. */
  readonly given?: Uint8Array;
  /** What every token's loss and penalties are multiplied by; 1 where absent. */
  readonly weight?: number;
}

/** One prompt of a training batch with its samples. All samples of a group share the prompt's computation. */
export interface TrainGroup {
  readonly promptTokens: Int32Array;
  readonly samples: readonly TrainSample[];
  /** Share of the prompt's samples that are right, in (0, 1); only the negative-aware loss reads it, and needs it. */
  readonly solveRate?: number;
  /** Upper clip of this prompt's ratios instead of the loss's own. */
  readonly clipHigh?: number;
}

/** PPO's clipped surrogate. Ratios are clipped to [1 − clipLow, 1 + clipHigh]. */
export interface ClippedLoss {
  readonly kind: 'clipped';
  readonly clipLow: number;
  readonly clipHigh: number;
  /** Bound above 1 on the ratio of tokens with a negative advantage ("dual clip"); absent for none. */
  readonly dualClip?: number;
}

/** The clipped surrogate of each sample's ratio, the geometric mean of its tokens' ratios. */
export interface SequenceClippedLoss {
  readonly kind: 'sequence-clipped';
  readonly clipLow: number;
  readonly clipHigh: number;
}

/** The policy gradient with importance weights of at most `cap`. */
export interface TruncatedImportanceLoss {
  readonly kind: 'truncated-importance';
  readonly cap: number;
}

/** DPO, or with smoothing EXO. Every group is a pair: the preferred sample's advantages are positive, the other's negative. */
export interface PreferenceLoss {
  readonly kind: 'preference';
  /** β: how far the policy may go from the base model. */
  readonly beta: number;
  /** ε of EXO's smoothed label, below one half; 0 for DPO. */
  readonly smoothing: number;
}

/** ORPO, on pairs as in PreferenceLoss. */
export interface OddsRatioLoss {
  readonly kind: 'odds-ratio';
  /** λ, the weight of the odds ratio beside the preferred sample's likelihood. */
  readonly strength: number;
}

/** Losses of whole samples. */
export type SequenceLossSettings = SequenceClippedLoss | PreferenceLoss | OddsRatioLoss;

/** Negative-aware fine-tuning: an advantage's sign says whether the sample is right, its size what the token weighs. */
export interface NegativeAwareLoss {
  readonly kind: 'negative-aware';
  /** Least value of the implicit negative policy's ratio, with a straight-through gradient. */
  readonly epsilon: number;
}

/** Weighted likelihood: the advantage is the weight of −log p. */
export interface LikelihoodLoss {
  readonly kind: 'likelihood';
}

/** What is added to every token's loss, whatever its kind. */
export interface Penalties {
  /** Weight of the KL penalty to the base model; 0 for none. */
  readonly klToBase: number;
  readonly klEstimator: 'k1' | 'k2' | 'k3';
  readonly entropyBonus: number;
}

/** Losses of single tokens. */
export type TokenLossSettings = ClippedLoss | TruncatedImportanceLoss | NegativeAwareLoss | LikelihoodLoss;

/** Settings of the loss: one kind, and penalties. */
export type LossSettings = (TokenLossSettings | SequenceLossSettings) & Penalties;

/** Settings of one optimizer update. */
export interface UpdateSettings {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly maxGradientNorm: number;
}

/** What one update looked like. */
export interface UpdateStats {
  readonly loss: number;
  readonly gradientNorm: number;
  readonly clipFraction: number;
  readonly approximateKl: number;
  readonly entropy: number;
  /** Largest |log p(trainer) − log p(sampler)|; only meaningful where weights are those that sampled. */
  readonly logProbMismatch: number;
  readonly tokens: number;
}

/** What the device is and what it did so far. */
export interface DeviceReport {
  readonly model: string;
  readonly modelHash: string;
  readonly architecture: string;
  readonly backend: string;
  readonly threads: number;
  readonly sampledTokens: number;
  readonly trainedTokens: number;
  readonly laneSeconds: number;
  readonly nativeSeconds: number;
  readonly upSeconds: number;
  readonly secondsByWork: Readonly<Record<string, number>>;
  /** How it samples: by our own decoder ("tree") or by stock llama.cpp contexts ("stock"). */
  readonly sampling?: 'tree' | 'stock';
  /** Why the model cannot be trained by gradients; absent where it can. */
  readonly untrainable?: string;
}

/** An agent's trainable state as files: the adapter (GGUF LoRA, F32) and the optimizer's moments and step. */
export interface AgentFiles {
  readonly adapter: Uint8Array;
  readonly optimizer: Uint8Array;
}

/**
 * The calls that the native child answers. An agent name is unique on the device ("<run>:executor/0").
 * A version names weights that are served and never change; training works on the agent's own copy.
 */
export interface PolicyDevice {
  /**
   * Loads the base model and gets ready. Throws RedQueenError `failed_precondition` where the file is no GGUF language model. One of an architecture that
   * our graphs do not cover is opened for sampling and scoring.
   */
  open(options: {
    readonly modelPath: string;
    readonly threads: number;
    /** How to sample; "auto" where left out. */
    readonly sampling?: SamplingChoice;
  }): Promise<DeviceReport>;
  /** Creates an agent with fresh adapter weights (B = 0), or with the files given. */
  createAgent(agent: string, settings: AdapterSettings, files?: AgentFiles): Promise<void>;
  removeAgent(agent: string): Promise<void>;
  /**
   * Makes an adapter file servable as that version, after validating it (hash, keys, names, shapes, rank, finite values) and the canary:
   * log-probs of fixed prompts under our engine with these weights and under stock llama.cpp with the file. Returns the largest difference.
   * Throws RedQueenError `invalid_argument` for a bad file, `data_loss` where the hash does not fit, and `failed_precondition` where log-probs with it are not finite.
   */
  loadVersion(agent: string, version: number, adapter: Uint8Array, sha256: string): Promise<{ readonly canaryDifference: number }>;
  dropVersion(agent: string, version: number): Promise<void>;
  /** Samples. Version 0 is the base model. Deterministic in (version, prompt, seed). */
  generate(request: {
    readonly agent: string;
    readonly version: number;
    readonly prompts: readonly SamplePrompt[];
    readonly maxTokens: number;
    readonly temperature: number;
    readonly stop: string;
    /** Further texts of one token that end a sample; unlike `stop` they stay part of its text. */
    readonly alsoStop?: readonly string[];
  }): Promise<readonly SampledGroup[]>;
  /** Log-probs of given continuations. */
  score(request: {
    readonly agent: string;
    readonly version: number;
    readonly prompts: readonly { readonly text: string; readonly continuations: readonly string[] }[];
  }): Promise<readonly SampledGroup[]>;
  /** One optimizer update on the agent's own copy of the weights. Throws `failed_precondition` where the model's graph is not ours. */
  train(request: {
    readonly agent: string;
    readonly groups: readonly TrainGroup[];
    readonly normaliser: number;
    readonly loss: LossSettings;
    readonly update: UpdateSettings;
  }): Promise<UpdateStats>;
  /** The agent's trainable state as files. */
  exportAgent(agent: string): Promise<AgentFiles>;
  /** Puts the agent's trainable state back to the files given. */
  restoreAgent(agent: string, files: AgentFiles): Promise<void>;
  report(): Promise<DeviceReport>;
}
