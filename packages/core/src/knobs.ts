import { RedQueenError } from './errors.ts';
import type { Recipe, TrainedRole } from './recipe.ts';
import { registryOf, type Registry } from './registry.ts';

/** A setting of a run that may change while it goes on: by a `knob` message to its owner, told by a monitor or an operator, and in no other way. */
export interface DeclaredKnob {
  readonly name: string;
  /** The actor that folds it in, role/key. */
  readonly owner: string;
  /** Smallest and largest value. */
  readonly low: number;
  readonly high: number;
  /** One sentence for a person. */
  readonly about: string;
  /** Its value before it was ever turned; undefined where the recipe has no such setting. */
  readonly initial: (recipe: Recipe) => number | undefined;
}

/** What a recipe's option says, where it is a number. */
function option(options: Readonly<Record<string, unknown>>, name: string, otherwise?: number): number | undefined {
  const value = options[name];
  return typeof value === 'number' ? value : otherwise;
}

function learningRate(role: TrainedRole): DeclaredKnob {
  return {
    name: `learning-rate.${role}`,
    owner: 'policy/0',
    low: 0,
    high: Number.POSITIVE_INFINITY,
    about: `First learning rate of the ${role}; it falls from there as the recipe says.`,
    initial: ({ roles }) => roles[role].optimizer.learningRate,
  };
}

/** Every knob that a run has. */
export const declaredKnobs: Registry<DeclaredKnob> = registryOf<DeclaredKnob>('knob', [
  {
    name: 'temperature.executor',
    owner: 'curriculum/0',
    low: 0.05,
    high: 5,
    about: 'Temperature at which the attempts of new slots are sampled.',
    initial: ({ temperature }) => temperature,
  },
  {
    name: 'temperature-spread.executor',
    owner: 'curriculum/0',
    low: 0,
    high: 2,
    about: 'Half the width of the interval around temperature.executor from which each slot draws its own; 0 for none.',
    initial: () => 0,
  },
  {
    name: 'explore',
    owner: 'curriculum/0',
    low: 0,
    high: 1,
    about: 'Share of slots that the curriculum learning-progress draws uniformly.',
    initial: ({ curriculum }) => (curriculum.use === 'learning-progress' ? option(curriculum.options, 'explore', 0.3) : undefined),
  },
  {
    name: 'threshold.executor',
    owner: 'reward-aggregator/0',
    low: -1e6,
    high: 1e6,
    about: 'Smallest total reward with which the credit stage reject-sampling keeps an attempt.',
    initial: ({ roles }) => {
      const stage = roles.executor.credit.find(({ use }) => use === 'reject-sampling');
      return stage && option(stage.options, 'threshold', 0);
    },
  },
  learningRate('executor'),
  learningRate('proposer'),
  learningRate('verifier'),
  learningRate('world-model'),
  {
    name: 'gate.tolerance',
    owner: 'policy/0',
    low: 0,
    high: Number.POSITIVE_INFINITY,
    about: 'Standard deviations by which flips to the worse may exceed flips to the better before the gate refuses a candidate.',
    initial: ({ gate }) => gate.tolerance,
  },
]);

/** The knob of that name, once the value is known to fit. Throws `invalid_argument` naming the known knobs, or the range. */
export function knobFor(name: string, value: number): DeclaredKnob {
  const knob = declaredKnobs.get(name);
  const { low, high } = knob;
  if (Number.isFinite(value) && value >= low && value <= high) return knob;
  const range = Number.isFinite(high) ? `from ${low} to ${high}` : `a number of at least ${low}`;
  throw new RedQueenError('invalid_argument', `knob ${name}: ${value} does not fit; it must be ${range}`);
}
