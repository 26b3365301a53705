import { pick, type Random, type Task } from '@redqueen/core';
import { calculatorText, executorPrompt, stopText } from '@redqueen/environments';
import { rightAnswer } from '@redqueen/environments/truth';
import type { Line } from './line.ts';

/** Share of the calls that the calculator cannot make sense of: the executor is to have something to learn. */
const brokenShare = 0.3;
/** What is done after a call that failed: calling again, or else answering. */
const againShare = 0.6;

/** The task with something missing or too much, none of which has a value: "37+", "37+45+", "37+45=". */
function brokenCode(task: Task, random: Random): string {
  const sign = /[-+*]/.exec(task.canonical)?.[0] ?? '+';
  const first = task.canonical.slice(0, task.canonical.indexOf(sign));
  return pick(random, [`${first}${sign}`, `${task.canonical}${sign}`, `${task.canonical}=`]);
}

/** A question answered by a call, e.g. "37+45=" → "{37+45}"; some calls are broken, and some are never closed. */
export function callLine(task: Task, random: Random): Line {
  const prompt = executorPrompt(task);
  if (random.uniform() >= brokenShare) return { prompt, answer: calculatorText.call(task.canonical) };
  if (random.integer(4) === 0) return { prompt, answer: calculatorText.open + task.canonical + stopText };
  return { prompt, answer: calculatorText.call(brokenCode(task, random)) };
}

/**
 * A question with a call and what came back, e.g. "37+45={37+45}>82;" → "82"; after a failed call the answer is another call or the number itself.
 * What came back belongs to the prompt: no model is ever taught to say it.
 */
export function afterCallLine(task: Task, random: Random): Line {
  const right = rightAnswer(task);
  const call = calculatorText.call(task.canonical);
  const worked = executorPrompt(task) + call + calculatorText.result(right);
  const failed = executorPrompt(task) + calculatorText.call(brokenCode(task, random)) + calculatorText.result(calculatorText.failed);
  const kind = random.uniform();
  if (kind < 0.7) return { prompt: worked, answer: right + stopText };
  if (kind < 0.8) return { prompt: failed + call + calculatorText.result(right), answer: right + stopText };
  return { prompt: failed, answer: random.uniform() < againShare ? call : right + stopText };
}
