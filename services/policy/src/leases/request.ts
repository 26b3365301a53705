import type { LeaseExample, LeaseRequest } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';

/** What to learn. */
export interface WeightedExample {
  readonly text: string;
  readonly completion: string;
  readonly weight: number;
}

/** A lease's terms with every default filled in. */
export interface LeaseTerms {
  readonly examples: readonly WeightedExample[];
  readonly steps: number;
  /** 0 for that of the recipe. */
  readonly learningRate: number;
  readonly seconds: number;
}

const most = { examples: 256, steps: 64, seconds: 3600 } as const;
const usual = { steps: 4, seconds: 300 } as const;

function refuse(what: string): never {
  throw new RedQueenError('invalid_argument', what);
}

/** Checks a request. Throws `invalid_argument` naming the field. */
export function leaseTerms({ examples, steps, learningRate, seconds }: LeaseRequest): LeaseTerms {
  if (examples.length < 1 || examples.length > most.examples) refuse(`examples: ${examples.length} of them; send 1 to ${most.examples}`);
  if (steps > most.steps) refuse(`steps: ${steps} must be at most ${most.steps}; 0 takes ${usual.steps}`);
  if (!(learningRate >= 0 && Number.isFinite(learningRate)))
    refuse(`learning_rate: ${learningRate} must be a positive number; 0 takes the recipe's`);
  if (seconds > most.seconds) refuse(`seconds: ${seconds} must be at most ${most.seconds}; 0 takes ${usual.seconds}`);
  return {
    examples: examples.map(checkedExample),
    steps: steps || usual.steps,
    learningRate,
    seconds: seconds || usual.seconds,
  };
}

function checkedExample({ text, completion, weight = 1 }: LeaseExample, index: number): WeightedExample {
  if (completion === '') refuse(`examples[${index}].completion: it is empty; there would be nothing to learn`);
  if (!(weight > 0 && Number.isFinite(weight))) refuse(`examples[${index}].weight: ${weight} must be a positive number`);
  return { text, completion, weight };
}
