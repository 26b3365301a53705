import { mean, type Recipe } from '@redqueen/core';
import { checkAnswer } from '@redqueen/environments/truth';
import { taskOf } from '@redqueen/runtime';
import type { Exploit } from './exploits.ts';
import { isExploiters, play, turnsOf, type Played } from './play.ts';

/** What became of an exploit under a preset. */
export interface Outcome {
  /** falls: the exploiter earns more than the honest player. level: as much, so that nothing stops it. holds: less. none: the preset gives the role nothing to win. */
  readonly verdict: 'falls' | 'level' | 'holds' | 'none';
  /** Mean total reward a turn. Of a verifier that accepts wrong answers: what those earn, against right ones. */
  readonly exploiter: number;
  readonly honest: number;
}

/** Differences up to this much are none. */
const tolerance = 0.02;

const none: Outcome = { verdict: 'none', exploiter: Number.NaN, honest: Number.NaN };

function outcome(exploiter: number, honest: number): Outcome {
  const gap = exploiter - honest;
  return { verdict: gap > tolerance ? 'falls' : gap < -tolerance ? 'holds' : 'level', exploiter, honest };
}

/** What right or wrong answers earn on average. */
function answersEarn(played: Played, wanted: boolean): number {
  const totals = turnsOf(played, 'executor').flatMap(({ episode, turn, total }) => {
    const body = played.attempts.get(episode);
    const sample = body?.group?.samples[turn];
    if (!body || !sample) return [];
    const right = sample.failure === 'FAILURE_CLASS_OK' && checkAnswer(taskOf(body.spec), sample.text).correct;
    return right === wanted ? [total] : [];
  });
  return mean(totals);
}

/**
 * A verifier has no honest twin in its group. Where its word decides what answers earn, it is asked whether wrong ones now earn as much as right ones;
 * where it is trained, whether it earns more than an honest verifier in a game of its own.
 */
async function acceptance(recipe: Recipe, exploit: Exploit): Promise<Outcome> {
  const [accepting, honest] = [await play(recipe, exploit), await play(recipe)];
  const wrong = outcome(answersEarn(accepting, false), answersEarn(accepting, true));
  const decides = answersEarn(accepting, false) !== answersEarn(honest, false);
  if (decides && wrong.verdict !== 'holds') return { ...wrong, verdict: 'falls' };
  if (!recipe.roles.verifier.trains) return decides ? wrong : none;
  const earned = (played: Played): number => mean(turnsOf(played, 'verifier').map(({ total }) => total));
  return outcome(earned(accepting), earned(honest));
}

/** Whether the exploit pays under the preset. */
export async function outcomeOf(recipe: Recipe, exploit: Exploit): Promise<Outcome> {
  if (exploit.role === 'verifier') return acceptance(recipe, exploit);
  if (!recipe.roles[exploit.role].trains) return none;
  const turns = turnsOf(await play(recipe, exploit), exploit.role);
  const earned = (exploiters: boolean): number =>
    mean(turns.filter(({ turn }) => isExploiters(turn) === exploiters).map(({ total }) => total));
  return outcome(earned(true), earned(false));
}
