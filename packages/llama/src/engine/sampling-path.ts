import { RedQueenError } from '@redqueen/core';
import { type AnyModel, isTrainable } from '../model/foreign-model.ts';
import { adaptedMatrices } from '../model/parameter-layout.ts';

/** How tokens are sampled: by our own decoder of chunks, by stock llama.cpp contexts, or by the faster of the two for the model. */
export type SamplingChoice = 'auto' | 'tree' | 'stock';

/** Up to this size our decoder wins: it copies whole rows of logits, and drains its chunks. */
const treeLimits = { vocabulary: 2048, elements: 8 << 20 } as const;

/** The path of a model. Throws `invalid_argument` for a choice that there is not, and `failed_precondition` where only the stock path can sample the model. */
export function samplingPath(model: AnyModel, choice: SamplingChoice): 'tree' | 'stock' {
  if (choice !== 'auto' && choice !== 'tree' && choice !== 'stock')
    throw new RedQueenError('invalid_argument', `sampling is ${JSON.stringify(choice)}; it must be auto, tree or stock`);
  if (!isTrainable(model)) {
    if (choice === 'tree')
      throw new RedQueenError(
        'failed_precondition',
        `sampling is "tree", which needs a model that can be trained; use auto or stock (${model.reason})`,
      );
    return 'stock';
  }
  if (model.slidingWindow !== undefined) {
    if (choice === 'tree')
      throw new RedQueenError(
        'failed_precondition',
        `sampling is "tree", which keeps no sliding window; use auto or stock (the architecture is ${model.architecture})`,
      );
    return 'stock';
  }
  if (choice !== 'auto') return choice;
  const elements = adaptedMatrices(model).reduce((sum, { inputs, outputs }) => sum + inputs * outputs, 0);
  return model.vocabulary <= treeLimits.vocabulary && elements <= treeLimits.elements ? 'tree' : 'stock';
}
