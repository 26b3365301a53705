import { hash, type Recipe } from '@redqueen/core';
import { RedQueenError } from '@redqueen/sdk';

/** A claim as a recipe states it. */
export type Claim = NonNullable<Recipe['claim']>;
/** One arm of a claim. */
export type Arm = Claim['arms'][number];

/** What to run of a claim. */
export interface ClaimOptions {
  /** How many paired seeds; the claim's when left out. */
  readonly seeds?: number | undefined;
  /** Arms by name; all when left out. The first arm is run whenever another needs its tokens. */
  readonly arms?: readonly string[] | undefined;
  /** Executor updates of arms that set none of their own. */
  readonly updates?: number | undefined;
}

/** One arm with one seed. */
export interface ArmRun {
  readonly arm: string;
  readonly seed: number;
  /** JSON merge patch on the recipe, before a token limit is added. */
  readonly patch: unknown;
  readonly updates: number | undefined;
  /** End with as many sampled tokens as the first arm's run with the same seed. */
  readonly equalTokens: boolean;
  /** Id of the run: the same recipe, arm and seed have the same id, so that a claim which was cut off finds what it has done. */
  readonly run: string;
}

function chosenArms(claim: Claim, names: readonly string[] | undefined): Arm[] {
  if (!names) return claim.arms;
  const known = claim.arms.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new RedQueenError('invalid_argument', `--arms: the claim has no arm ${JSON.stringify(unknown)}; it has ${known.join(', ')}`);
  const chosen = claim.arms.filter(({ name }) => names.includes(name));
  const [first] = claim.arms;
  const needsFirst = chosen.some(({ equalTokens }) => equalTokens) && first && !chosen.includes(first);
  return needsFirst ? [first, ...chosen] : chosen;
}

/** The recipe without its claim: what an arm's numbers depend on. */
function essence(recipe: Recipe): string {
  const { claim: _, description: __, ...rest } = recipe;
  return JSON.stringify(rest);
}

/** Every run of a claim, seed by seed, so that a claim that is cut off leaves pairs behind. Throws `invalid_argument` where the recipe makes no claim. */
export function armRuns(recipe: Recipe, options: ClaimOptions): ArmRun[] {
  const { claim } = recipe;
  if (!claim) throw new RedQueenError('invalid_argument', `recipe ${recipe.name} makes no claim; add a \`claim:\` to it`);
  const seeds = options.seeds ?? claim.seeds;
  const arms = chosenArms(claim, options.arms);
  return Array.from({ length: seeds }, (_, index) => recipe.seed + index).flatMap((seed, index) =>
    arms
      .filter((arm) => index < (arm.seeds ?? seeds))
      .map((arm): ArmRun => {
        const updates = arm.updates ?? options.updates;
        const mark = hash(essence(recipe), JSON.stringify(arm.patch), updates ?? 0, arm.equalTokens, options.updates ?? 0).slice(0, 8);
        return {
          arm: arm.name,
          seed,
          patch: arm.patch,
          updates,
          equalTokens: arm.equalTokens,
          run: `claim-${recipe.name}-${mark}-${arm.name.replaceAll(/[^\w-]/g, '_')}-s${seed}`,
        };
      }),
  );
}
