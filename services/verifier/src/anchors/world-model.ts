import type { AnchorAttempts } from '@redqueen/contract';
import { mean, RedQueenError, type Recipe } from '@redqueen/core';
import { anchorTransitions, fieldAccuracy, worldModelPrompt, type ExecutedStep } from '@redqueen/environments';
import { anchorPurpose } from '@redqueen/runtime';
import { groupedFigures, type Measured } from './result.ts';

interface Prediction {
  readonly environment: string;
  readonly fields: number;
  readonly exact: boolean;
}

/** The steps that were asked about, as executed: drawn here again, because an outcome is not taken from the one who predicts it. */
function executedSteps(attempts: AnchorAttempts, recipe: Recipe): readonly ExecutedStep[] {
  const { task, items } = attempts;
  if (!task) throw new RedQueenError('invalid_argument', `anchor attempts ${attempts.anchorId}: the anchor task is missing`);
  const steps = anchorTransitions(recipe.environments, anchorPurpose(task), items.length);
  for (const [index, { prompt }] of items.entries()) {
    const step = steps[index];
    if (!step || worldModelPrompt(step.state, step.action) !== prompt) {
      throw new RedQueenError(
        'failed_precondition',
        `anchor attempts ${attempts.anchorId}: item ${index} (${prompt}) is not the set's; both services must run the same version`,
      );
    }
  }
  return steps;
}

function figuresOf(prefix: string, predictions: readonly Prediction[]) {
  const byEnvironment = ({ environment }: Prediction) => [environment];
  return [
    ...groupedFigures(`${prefix}fields`, predictions, (items) => mean(items.map(({ fields }) => fields)), byEnvironment),
    ...groupedFigures(`${prefix}exact`, predictions, (items) => mean(items.map(({ exact }) => Number(exact))), byEnvironment),
  ];
}

/** World model: share of right fields and of wholly right predictions, greedy and ("sampled-…") at temperature 1. Passed: wholly right greedy predictions. */
export function measureWorldModel(attempts: AnchorAttempts, recipe: Recipe): Measured {
  const { items } = attempts;
  const steps = executedSteps(attempts, recipe);
  const score = (item: number, answer: number): Prediction => {
    const { environment, outcome } = steps[item] as ExecutedStep;
    const said = items[item]?.failures[answer] === 'FAILURE_CLASS_OK' ? (items[item]?.answers[answer] ?? '') : '';
    return { environment, fields: fieldAccuracy(said, outcome), exact: said === outcome };
  };
  const greedy = items.flatMap(({ greedy: count }, item) => (count > 0 ? [score(item, 0)] : []));
  const sampled = items.flatMap(({ greedy: count, answers }, item) => answers.slice(count).map((_, index) => score(item, count + index)));
  return {
    figures: [...figuresOf('', greedy), ...figuresOf('sampled-', sampled)],
    passed: greedy.map(({ exact }) => exact),
    arms: [],
    anchors: steps,
  };
}
