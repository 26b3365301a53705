import type { PeerAct, SampleGroup } from '@redqueen/contract';
import type { Discussed, DiscussionPlan } from '@redqueen/core';
import { agents, carriesReward } from '@redqueen/runtime';
import { perform, saidBy, type Act, type Request, type Setting } from './acts.ts';
import { castOf, type Cast, type Parts } from './cast.ts';
import type { Said } from './form.ts';

/** A solution, and who speaks about it. */
interface Solution extends Cast {
  readonly attempt: number;
  readonly said: Said;
}

function solutionsOf({ group, peers, seed }: DiscussionPlan, parts: Parts): Solution[] {
  const author = group.policy?.agent || agents.executor;
  return group.samples.flatMap(({ text, failure }, attempt) => {
    const said: Said = { text, readable: failure === 'FAILURE_CLASS_OK' };
    return carriesReward(failure) ? [{ attempt, said, ...castOf(peers, author, seed, attempt, parts) }] : [];
  });
}

/** The first act of an attempt that is void. */
function lostOf(acts: readonly Act[], attempt: number): Act | undefined {
  return acts.find((act) => act.attempt === attempt && act.group.samples.some(({ failure }) => !carriesReward(failure)));
}

/** An attempt of which an act was void is void itself: what was not said is neither praise nor blame. */
function withVoids(group: SampleGroup, acts: readonly Act[]): SampleGroup {
  const samples = group.samples.map((sample, attempt) => {
    const failure = lostOf(acts, attempt)?.group.samples[0]?.failure;
    return failure ? { ...sample, failure } : sample;
  });
  return { ...group, samples };
}

function told({ agent, attempt, group }: Act, kind: PeerAct['kind'], score?: number): PeerAct {
  return { agent, kind, attempt, group, ...(score !== undefined && { score }) };
}

/** Evaluations and scorings of every attempt that carries reward. Throws like PolicyClient.generate. */
export async function discuss(setting: Setting, parts: Parts): Promise<Discussed> {
  const { form, plan } = setting;
  const { task } = plan;
  const solutions = solutionsOf(plan, parts);
  const toEvaluate = solutions.flatMap(({ attempt, said, evaluator }): Request[] =>
    evaluator === undefined ? [] : [{ agent: evaluator, attempt, prompt: form.evaluationPrompt(task, said) }],
  );
  const evaluations = await perform(setting, 'evaluation', toEvaluate);
  const evaluationOf = new Map(evaluations.map((act) => [act.attempt, saidBy(act)]));
  const toScore = solutions.map(({ attempt, said, scorer }): Request => {
    return { agent: scorer, attempt, prompt: form.scoringPrompt(task, said, evaluationOf.get(attempt)) };
  });
  const scorings = await perform(setting, 'scoring', toScore);
  const scoreOf = (scoring: Act, { attempt, said }: Solution): number | undefined => {
    const { text, readable } = saidBy(scoring);
    return readable ? form.score(text, said, evaluationOf.get(attempt)) : undefined;
  };
  const all = [...evaluations, ...scorings];
  const complete = ({ attempt }: Act): boolean => lostOf(all, attempt) === undefined;
  // Scorings come in the order of the solutions: one each.
  const scores = new Map(scorings.map((act, index) => [act, scoreOf(act, solutions[index] as Solution)]));
  return {
    group: withVoids(plan.group, all),
    acts: [
      ...evaluations.filter(complete).map((act) => told(act, 'PEER_ACT_KIND_EVALUATION')),
      ...scorings.filter(complete).map((act) => told(act, 'PEER_ACT_KIND_SCORING', scores.get(act))),
    ],
  };
}
