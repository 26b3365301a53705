import { addresses, type Logger, type StatefulActor } from '@redqueen/runtime';
import { fold } from './fold/fold.ts';
import { decodeState, encodeState } from './fold/snapshot.ts';
import { initialState, type State } from './fold/state.ts';
import { refusalLog } from './log-refusals.ts';
import type { Rules } from './rules.ts';

/**
 * The reward aggregator of a run: a single writer whose state is a pure fold over the run's whole stream.
 * It tells settlements to the curriculum and batches to the policy.
 */
export function createAggregatorActor(rules: Rules, logger: Logger): StatefulActor<State> {
  const logRefusals = refusalLog(logger);
  return {
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
