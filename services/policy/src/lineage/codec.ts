import { messageType, type Batch, type BatchInput } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';
import type { AgentState, PolicyState, TrainedBatch } from './state.ts';

/** Raised when the form of stored states changes. */
const format = 2;

type StoredTrained = Omit<TrainedBatch, 'batch'> & { readonly batch: string };
type StoredAgent = Omit<AgentState, 'pending' | 'uncommitted'> & {
  readonly pending: readonly string[];
  readonly uncommitted: readonly StoredTrained[];
};

type Stored = Omit<PolicyState, 'agents'> & { readonly format: number; readonly sequence: number; readonly agents: readonly StoredAgent[] };

/** A state with the place in the run's stream up to which everything that was told is part of it, or earlier. */
export interface StoredState {
  readonly state: PolicyState;
  readonly sequence: number;
}

/** A state as bytes: JSON, with batches in the contract's own wire form. */
export function encodeState({ state, sequence }: StoredState): Uint8Array {
  const agents = state.agents.map(
    (agent): StoredAgent => ({
      ...agent,
      pending: agent.pending.map(packBatch),
      uncommitted: agent.uncommitted.map((trained) => ({ ...trained, batch: packBatch(trained.batch) })),
    }),
  );
  return Buffer.from(JSON.stringify({ format, sequence, ...state, agents }));
}

/** The state that the bytes hold. Throws `data_loss` where they are not what `encodeState` wrote. */
export function decodeState(bytes: Uint8Array): StoredState {
  try {
    const { format: found, sequence, ...stored } = JSON.parse(Buffer.from(bytes).toString()) as Stored;
    if (found !== format) throw new Error(`its format is ${found}, not ${format}`);
    return { sequence, state: { ...stored, agents: stored.agents.map(unpackAgent) } };
  } catch (reason) {
    throw new RedQueenError('data_loss', `the stored state of policy/0 cannot be read: ${RedQueenError.from(reason).message}`, {
      cause: reason,
    });
  }
}

function unpackAgent(stored: StoredAgent): AgentState {
  return {
    ...stored,
    pending: stored.pending.map(unpackBatch),
    uncommitted: stored.uncommitted.map((trained) => ({ ...trained, batch: unpackBatch(trained.batch) })),
  };
}

const batchType = () => messageType<BatchInput, Batch>('Batch');

function packBatch(batch: Batch): string {
  return Buffer.from(batchType().serialize(batch)).toString('base64');
}

function unpackBatch(text: string): Batch {
  return batchType().deserialize(Buffer.from(text, 'base64'));
}
