import { addresses, type Logger, type StatefulActor } from '@redqueen/runtime';
import { fold } from './fold/fold.ts';
import { decodeState, encodeState } from './fold/snapshot.ts';
import { initialState, type State } from './fold/state.ts';
import type { Refusal } from './fold/work.ts';
import type { Rules } from './rules.ts';

/** Refused rewards of one message that are written out; the rest is only counted. */
const mostLogged = 8;

function logRefusals(logger: Logger, message: string, refusals: readonly Refusal[]): void {
  if (refusals.length === 0) return;
  logger.warn({ message, refusals: refusals.slice(0, mostLogged) }, `${refusals.length} rewards refused: ${refusals[0]?.reason}`);
}

/**
 * The reward aggregator of a run: a single writer whose state is a pure fold over the run's whole stream.
 * It tells settlements to the curriculum and batches to the policy.
 */
export function createAggregatorActor(rules: Rules, logger: Logger): StatefulActor<State> {
  return {
    type: 'stateful',
    address: addresses.rewardAggregator,
    reads: 'run',
    initial: initialState,
    encode: encodeState,
    decode: decodeState,
    receive(state, message) {
      const folded = fold(rules, state, message);
      logRefusals(logger, message.id, folded.refusals);
      return { state: folded.state, tells: folded.tells };
    },
  };
}
