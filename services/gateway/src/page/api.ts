import { RedQueenError, type Conversation } from '@redqueen/core';
import { currentReport, readyView, recordOf, type Gateway } from '../gateway.ts';
import { conversationOf } from '../projection/conversation.ts';
import { messagesOf, newestEpisodes } from '../projection/episodes.ts';
import { messageOf, type Message } from '@redqueen/contract';
import { runMessage } from '../rpc/run-message.ts';

/** What the page may ask for: a path to an answer that becomes JSON. */
export type Api = (path: string) => Promise<unknown>;

/** From what is still kept here, else from the aggregator, which reads it from the stream. */
async function conversation(gateway: Gateway, run: string, episode: string): Promise<Conversation> {
  const view = await readyView(gateway, await recordOf(gateway, run));
  const kept = messagesOf(view.projection.episodes, episode);
  if (kept) return conversationOf(episode, kept);
  const { events, settlement } = await gateway.context.connect('reward-aggregator').Explain({ run, episodeId: episode });
  if (events.length === 0) throw new RedQueenError('not_found', `run ${run} has no episode ${episode}`);
  const messages: Message[] = events.map(messageOf);
  return conversationOf(episode, messages, settlement ?? undefined);
}

async function episodes(gateway: Gateway, run: string): Promise<unknown> {
  const view = await readyView(gateway, await recordOf(gateway, run));
  return newestEpisodes(view.projection.episodes, 20).map(({ episode, canonical, attempts, solved, status }) => ({
    episode,
    canonical,
    attempts,
    solved,
    status,
  }));
}

async function runs(gateway: Gateway): Promise<unknown> {
  const records = await gateway.runs.list();
  return Promise.all(records.map((record) => runMessage(gateway, { ...record })));
}

/** The page's questions: /api/runs, /api/runs/<run>, /api/runs/<run>/episodes, /api/runs/<run>/episodes/<id>. Throws `not_found` for any other. */
export function pageApi(gateway: Gateway): Api {
  return async (path) => {
    const [what, run, part, ...rest] = path
      .split('/')
      .filter((piece) => piece !== '')
      .slice(1)
      .map(decodeURIComponent);
    if (what === 'runs' && run === undefined) return runs(gateway);
    if (what === 'runs' && run !== undefined && part === undefined) return currentReport(gateway, await recordOf(gateway, run));
    if (what === 'runs' && run !== undefined && part === 'episodes') {
      return rest.length === 0 ? episodes(gateway, run) : conversation(gateway, run, rest.join('/'));
    }
    throw new RedQueenError('not_found', `the page has no ${path}`);
  };
}
