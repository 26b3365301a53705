import type { AttemptTurn, EpisodeFacts, PeerTurn, Turn } from '@redqueen/core';
import type { Rules } from '../rules.ts';
import { answerForms, sampledTokens, toolCalls, validSamples } from './packed-group.ts';
import type { OpenEpisode } from './state.ts';

/** What the episode still lacks before it is known which rewards it must get; undefined where nothing. */
export function missingFacts(episode: OpenEpisode): string | undefined {
  if (episode.kind === 'rejected') return episode.rejection === '' ? 'the rejection' : undefined;
  if (episode.kind === 'prediction') return episode.predictions ? undefined : 'the predictions';
  if (!episode.spec) return 'the task';
  if (!episode.attempts) return 'the attempts';
  return episode.judgements ? undefined : 'the verdicts';
}

function proposalsOf(rules: Rules, episode: OpenEpisode): Turn[] {
  const proposed = episode.kind === 'rejected' || episode.spec?.origin === 'proposer';
  return proposed ? [{ agent: rules.roles.proposer.agent, turn: episode.index }] : [];
}

function predictionsOf(rules: Rules, episode: OpenEpisode): Turn[] {
  const groups = episode.predictions ?? [];
  // Turn = transition · predictions + sample; every transition got as many predictions as the first.
  const each = groups[0]?.valid.length ?? 0;
  const { agent } = rules.roles['world-model'];
  return groups.flatMap((group, transition) => validSamples(group).map((sample) => ({ agent, turn: transition * each + sample })));
}

/** Every turn of the discussion: each attempt is a solution with the score that its scoring gave it; then what others said. */
function discussionOf({ attemptedBy, acts }: OpenEpisode, attempts: readonly number[]): PeerTurn[] {
  const scores = new Map(acts.map(({ attempt, score }) => [attempt, score]));
  const solutions = attempts.map((turn) => ({
    agent: attemptedBy,
    turn,
    kind: 'solution' as const,
    attempt: turn,
    score: scores.get(turn),
  }));
  return [...solutions, ...acts.map(({ agent, turn, kind, attempt, score }) => ({ agent, turn, kind, attempt, score }))];
}

function attemptOf({ attempts, attemptedBy }: OpenEpisode, turn: number): AttemptTurn {
  const form = answerForms[attempts?.forms[turn] ?? 0] ?? 'ok';
  const known = attempts && { toolCalls: toolCalls(attempts, turn), tokens: sampledTokens(attempts, turn) };
  return { agent: attemptedBy, turn, form, ...known };
}

/** Who acted in the episode, once nothing is missing. */
export function factsOf(rules: Rules, episode: OpenEpisode): EpisodeFacts {
  const { verifier } = rules.roles;
  const attempts = episode.attempts ? validSamples(episode.attempts) : [];
  const judged = (episode.judgements ?? []).filter((one) => episode.attempts?.valid[one.attempt] === 1);
  return {
    episode: episode.id,
    kind: episode.kind,
    proposals: episode.kind === 'prediction' ? [] : proposalsOf(rules, episode),
    attempts: attempts.map((turn) => attemptOf(episode, turn)),
    judgements: judged.map(({ attempt, confidence }) => ({ agent: verifier.agent, turn: attempt, confidence })),
    predictions: predictionsOf(rules, episode),
    ...(episode.kind === 'rejected' && { rejection: episode.rejection }),
    ...(episode.acts.length > 0 && { acts: discussionOf(episode, attempts) }),
  };
}
