import type { RunRecord } from '@redqueen/core';
import { addresses, type HeadFile, type Logger, type StatefulActor, type Witness } from '@redqueen/runtime';
import { fold } from './fold/fold.ts';
import { decodeState, encodeState } from './fold/snapshot.ts';
import { initialState, type State } from './fold/state.ts';
import { refusalLog } from './log-refusals.ts';
import type { Rules } from './rules.ts';

/** Notes in the head file how far the stream and the settlements went. A head of an earlier run of the same id says nothing. */
export function witnessOf(file: HeadFile, { run, startedAt }: Pick<RunRecord, 'run' | 'startedAt'>): Witness<State> {
  return {
    newest() {
      const head = file.newest();
      return head?.startedAt === startedAt ? head : undefined;
    },
    note: (position, { chain }, epoch) =>
      file.note({ run, startedAt, epoch, ...position, settlement: chain.index, settlementDigest: chain.digest }),
    flush: () => file.flush(),
  };
}

/**
 * The reward aggregator of a run: a single writer whose state is a pure fold over the run's whole stream.
 * It tells settlements to the curriculum and batches to the policy.
 */
export function createAggregatorActor(rules: Rules, logger: Logger, witness?: Witness<State>): StatefulActor<State> {
  const logRefusals = refusalLog(logger);
  return {
    ...(witness && { witness }),
    type: 'stateful',
    address: addresses.rewardAggregator,
    reads: 'run',
    initial: initialState,
    encode: encodeState,
    decode: decodeState,
    receive(state, message) {
      const folded = fold(rules, state, message);
      logRefusals(message.id, folded.refusals);
      return { state: folded.state, tells: folded.tells };
    },
  };
}
