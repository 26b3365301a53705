import type { RewardAggregatorServiceStateResponseInput } from '@redqueen/contract';
import { RedQueenError, type AnyPlugin, type RunRecord } from '@redqueen/core';
import { HeadFile, headFileOf, type ActorHost, type CreateService, type StatefulActor } from '@redqueen/runtime';
import { createAggregatorActor, witnessOf } from './actor.ts';
import { explain } from './explain.ts';
import type { State } from './fold/state.ts';
import { plugins } from './plugins.ts';
import { rulesOf } from './rules.ts';
import { watchTimeOuts } from './time-outs.ts';

interface ActiveRun {
  readonly host: ActorHost<State>;
  readonly ended: AbortController;
}

/** The state as the RPC shows it. */
function stateResponse(state: State, sequence: number): RewardAggregatorServiceStateResponseInput {
  return {
    open: state.episodes.size,
    settled: state.settled,
    voided: state.voided,
    duplicates: state.rewards.duplicates,
    late: state.rewards.late,
    refused: state.rewards.refused,
    digest: state.chain.digest,
    sequence,
    refusals: Object.fromEntries(state.refusals),
    batches: Object.fromEntries([...state.pools].map(([agent, pool]) => [agent, pool.number])),
  };
}

/** The reward aggregator service: settles every reward of its runs exactly once, and answers where a number came from. */
export const createRewardAggregator: CreateService = async ({ bus, clock, config, logger }) => {
  const runs = new Map<string, ActiveRun>();
  /** Head files, by run. */
  const heads = new Map<string, HeadFile>();

  /** The actor of a run, with the file that says how far its ledger went. */
  const actorOf = (record: RunRecord, plugins: readonly AnyPlugin[]): StatefulActor<State> => {
    const { run } = record;
    const head = heads.get(run) ?? new HeadFile(headFileOf(config.dataDir, run), { clock, logger });
    heads.set(run, head);
    return createAggregatorActor(rulesOf(record, plugins), logger.child({ run }), witnessOf(head, record));
  };

  const state = (run: string): RewardAggregatorServiceStateResponseInput => {
    const host = runs.get(run)?.host;
    const current = host?.state();
    if (!host || !current)
      throw new RedQueenError('failed_precondition', `run ${JSON.stringify(run)}: is not at work here; start or resume it`);
    return stateResponse(current, host.status().sequence);
  };

  const attached = (record: RunRecord, hosts: readonly ActorHost[]): void => {
    const host = hosts[0] as ActorHost<State>;
    const ended = new AbortController();
    runs.set(record.run, { host, ended });
    const timeoutMs = record.recipe.episodeTimeoutSeconds * 1000;
    void watchTimeOuts({ host, timeoutMs, clock, logger, signal: ended.signal });
  };

  const detached = (run: string): void => {
    runs.get(run)?.ended.abort();
    runs.delete(run);
  };

  return {
    rpc: {
      RewardAggregatorService: {
        State: async (request) => state(request.run),
        Explain: (request, call) => explain(bus, request.run, request.episodeId, call.signal),
      },
    },
    actors: (record, more) => [actorOf(record, more)],
    plugins,
    check: (record, more) => void rulesOf(record, more),
    attached,
    detached,
    dependencies: [],
    close: async () => {
      for (const head of heads.values()) head.close();
    },
  };
};
