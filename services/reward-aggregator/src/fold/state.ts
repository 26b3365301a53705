import type { EpisodeKind, PeerTurn } from '@redqueen/core';
import type { Pool } from '../batches/pool.ts';
import type { PackedGroup } from './packed-group.ts';

/** A task as it is quoted in its settlement. */
export interface Spec {
  readonly environment: string;
  readonly family: string;
  readonly level: number;
  readonly canonical: string;
  readonly origin: string;
}

/** A judgement of one attempt. */
export interface Judgement {
  readonly attempt: number;
  readonly confidence: number;
  /** Which sample the verdict is: 0 for "y", 1 for "n". */
  readonly label: number;
  /** The labels "y" and "n", in this order; undefined where the judgement holds no such pair. */
  readonly group: PackedGroup | undefined;
}

/** What a peer said of an attempt. */
export interface PackedAct extends PeerTurn {
  /** Its one sample, with its own prompt. */
  readonly group: PackedGroup;
}

/** An episode whose rewards are not yet complete. */
export interface OpenEpisode {
  readonly id: string;
  readonly kind: EpisodeKind;
  readonly slot: string;
  readonly index: number;
  /** Messages of the episode folded so far: while it grows the episode is not silent. */
  news: number;
  spec: Spec | undefined;
  /** The proposal as sampled. */
  proposal: PackedGroup | undefined;
  /** Why the proposal is no task; empty until it is known. */
  rejection: string;
  attempts: PackedGroup | undefined;
  /** The agent that made them; empty before they came. */
  attemptedBy: string;
  /** What other peers said of them, in the order of their turns; none where they were not discussed. */
  acts: readonly PackedAct[];
  judgements: readonly Judgement[] | undefined;
  /** One group a transition. */
  predictions: readonly PackedGroup[] | undefined;
  /** Rewards received, by term, agent and turn. */
  readonly rewards: Map<string, number>;
}

/** What became of one proposal of a slot. */
export interface Proposal {
  /** The settlement that holds its reward; undefined where the proposal is void and takes no part in the comparison. */
  readonly digest: string;
  readonly total: number;
  readonly group: PackedGroup;
}

/** A slot whose proposals are not all decided. */
export interface OpenSlot {
  readonly id: string;
  readonly size: number;
  /** By index: undefined while undecided, null where void. */
  readonly proposals: (Proposal | null | undefined)[];
}

/** What became of every reward ever told: each adds to exactly one of these, or waits in an open episode. */
interface RewardCounts {
  counted: number;
  /** Told again, or told for an episode that was settled already. */
  duplicates: number;
  /** Told for an episode that was void already. */
  late: number;
  refused: number;
  /** Accepted for an episode that became void. */
  voided: number;
}

/** A version that was released. */
export interface ReleasedVersion {
  readonly version: number;
  readonly adapterHash: string;
}

/** The head of the settlement chain. */
interface Chain {
  index: number;
  digest: string;
  /** Duplicates and late rewards since the settlement before. */
  dropped: number;
}

/**
 * The aggregator's whole memory. Open episodes are bounded by the curriculum's capacity rule, everything else by constants.
 * `fold` owns the state that it is given and changes it in place: a state that was folded must not be used again.
 */
export interface State {
  /** Messages folded in. */
  folded: number;
  readonly chain: Chain;
  settled: number;
  voided: number;
  readonly rewards: RewardCounts;
  /** Refused rewards by code of the reason. */
  readonly refusals: Map<string, number>;
  readonly episodes: Map<string, OpenEpisode>;
  readonly slots: Map<string, OpenSlot>;
  /** Recently closed episodes, oldest first; true where settled. */
  readonly closed: Map<string, boolean>;
  /** Every unknown episode of this tick or an earlier one was closed long ago. */
  floor: number;
  /** Released versions by agent, oldest first. */
  readonly versions: Map<string, ReleasedVersion[]>;
  /** How far the verifier's model is to be trusted. */
  trust: number;
  /** By agent. */
  readonly pools: Map<string, Pool>;
  /** Declared knobs of the aggregator that were turned, by name. */
  readonly knobs: Record<string, number>;
}

/** The state before the first message. */
export function initialState(): State {
  return {
    folded: 0,
    chain: { index: 0, digest: '', dropped: 0 },
    settled: 0,
    voided: 0,
    rewards: { counted: 0, duplicates: 0, late: 0, refused: 0, voided: 0 },
    refusals: new Map(),
    episodes: new Map(),
    slots: new Map(),
    closed: new Map(),
    floor: -1,
    versions: new Map(),
    trust: 0,
    pools: new Map(),
    knobs: {},
  };
}
