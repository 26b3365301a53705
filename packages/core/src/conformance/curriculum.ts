import type { ArmKey, Curriculum, PluginOf } from '../plugins/index.ts';
import type { Random } from '../ports.ts';
import { pluginConformance } from './plugin.ts';
import { forEachCase, frozen, requireEqual, requireThat, several, type Conformance } from './promise.ts';

function anyArms(random: Random): ArmKey[] {
  const families = several(random, 1, 4, (index) => `family${index}`);
  return families.flatMap((family) => several(random, 1, 4, (index) => ({ environment: 'any', family, level: index + 1 })));
}

type Event = (curriculum: Curriculum, memory: unknown) => unknown;

/** Anything that can happen to a curriculum. */
function anyEvent(random: Random, arms: readonly ArmKey[]): Event {
  const attempts = 1 + random.integer(8);
  const outcome = { attempts, solved: random.integer(attempts + 1) };
  const arm = random.integer(arms.length);
  const accuracies = arms.map(() => (random.integer(4) === 0 ? undefined : random.uniform()));
  if (random.integer(5) === 0) return (curriculum, memory) => curriculum.released(memory, accuracies);
  return (curriculum, memory) => curriculum.settled(memory, arm, outcome);
}

function keptOf(curriculum: Curriculum, memory: unknown, arms: readonly ArmKey[]): void {
  const probabilities = curriculum.probabilities(memory);
  requireThat(probabilities.length === arms.length, `${probabilities.length} probabilities for ${arms.length} arms`);
  requireThat(
    probabilities.every((one) => one >= 0 && one <= 1 + 1e-9),
    `probabilities ${probabilities.join(', ')}`,
  );
  const sum = probabilities.reduce((total, one) => total + one, 0);
  requireThat(Math.abs(sum - 1) < 1e-9, `probabilities sum to ${sum}`);
  const progress = curriculum.progress(memory);
  requireThat(progress.length === arms.length && progress.every(Number.isFinite), `progress ${progress.join(', ')}`);
}

/** What every curriculum keeps. `options` are those that a recipe gives it. */
export function curriculumConformance(plugin: PluginOf<'curriculum'>, options: object = {}): readonly Conformance[] {
  const make = (arms: readonly ArmKey[]): Curriculum => plugin.create(options, { arms });
  return [
    ...pluginConformance(plugin),
    {
      promise: 'whatever happens, one probability an arm, summing to 1, and finite progress',
      check: forEachCase((random) => {
        const arms = anyArms(random);
        const curriculum = make(arms);
        let memory = frozen(curriculum.initial());
        keptOf(curriculum, memory, arms);
        for (const event of several(random, 0, 30, () => anyEvent(random, arms))) memory = frozen(event(curriculum, memory));
        keptOf(curriculum, memory, arms);
      }),
    },
    {
      promise: 'memory is plain JSON: a curriculum that is created again goes on from it alike',
      check: forEachCase((random) => {
        const arms = anyArms(random);
        const curriculum = make(arms);
        let memory = curriculum.initial();
        for (const event of several(random, 0, 20, () => anyEvent(random, arms))) memory = event(curriculum, memory);
        const restored: unknown = JSON.parse(JSON.stringify(memory ?? null));
        const next = anyEvent(random, arms);
        const after = (one: Curriculum, before: unknown) => one.probabilities(next(one, before));
        requireEqual(after(make(arms), restored), after(curriculum, memory), 'after JSON and back');
      }),
    },
    {
      promise: 'a knob that it does not have is none of its business',
      check: () => {
        const curriculum = make([{ environment: 'any', family: 'family', level: 1 }]);
        requireThat(
          curriculum.turned(curriculum.initial(), 'no knob has this name', 0.5) === undefined,
          'it turned a knob that nobody declared',
        );
      },
    },
  ];
}
