import type { Handlers } from '@redqueen/runtime';
import { readyView, recordOf, type Gateway } from '../gateway.ts';
import { newestEpisodes } from '../projection/episodes.ts';

type EpisodeHandlers = Pick<Handlers<'GatewayService'>, 'ExplainEpisode' | 'ListEpisodes'>;

const defaultLimit = 20;

/** RPCs about episodes. */
export function episodeHandlers(gateway: Gateway): EpisodeHandlers {
  return {
    ExplainEpisode: async ({ run, episodeId }, call) => ({
      explanation: await gateway.context.connect('reward-aggregator').Explain({ run, episodeId }, { signal: call.signal }),
    }),
    ListEpisodes: async ({ run, limit }, call) => {
      const view = await readyView(gateway, await recordOf(gateway, run), call.signal);
      const episodes = newestEpisodes(view.projection.episodes, limit || defaultLimit).map(
        ({ episode, status, attempts, solved, ...spec }) => {
          const { environment, family, level, canonical, origin } = spec;
          return { episodeId: episode, status, attempts, solved, spec: { environment, family, level, canonical, origin } };
        },
      );
      return { episodes };
    },
  };
}
