import type { Bench, Stage } from '../harness/bench.ts';
import type { Models } from '../models.ts';

export type { Opened } from '../harness/bench.ts';

/** A bench on our models. */
export type ModelBench<Size = unknown> = Bench<Models, Size>;

/** What such a bench works with. */
export type ModelStage = Stage<Models>;

/** Checks a definition by its size, which the list of benches forgets. */
export function bench<Size>(definition: ModelBench<Size>): ModelBench {
  return definition;
}
