import type { AnyPlugin, Recipe } from '@redqueen/core';
import type { ClaimRecord } from '../../claim/record.ts';
import { effectQuestion } from '../../claim/effect.ts';
import type { RecipeText } from '../recipe-folder.ts';
import { standing } from '../records.ts';
import { leadingComment, markdownTable } from './markdown.ts';
import { paperText } from './papers.ts';
import { pluginsTable, rolesTable } from './plugins-used.ts';
import { effectCell, resultText } from './result.ts';

/** A recipe with what came of its claim. */
export interface PageEntry {
  readonly read: RecipeText;
  readonly record: ClaimRecord | undefined;
}

const intro = `# Recipes

<!-- Written by \`npm run docs:recipes\` from config/recipes and docs/claims. Edit those. -->

A recipe is data: what learns, by which rewards, on which tasks, and a claim that can fail. \`redqueen run NAME\` runs it; \`redqueen claim NAME --record\` runs
the arms of its claim with paired seeds on the starter model, and its result is what stands here.

* **works**: every run finished, every expectation holds, and the 95 % interval of the effect (Student's, over paired seeds) excludes 0 on the claimed side.
* **runs, effect not shown**: the arms ran; the interval contains 0, or an expectation does not hold.
* **fails**: a run did not finish, or the interval lies on the other side.

The model has under a million parameters and the tasks are small: a verdict says whether an effect shows there, not whether a paper is right.`;

function overview(entries: readonly PageEntry[]): string {
  const rows = entries.map(({ read: { recipe, version }, record }) => [
    `[${recipe.name}](#${recipe.name})`,
    paperText(recipe.paper),
    recipe.claim?.headline ?? '',
    record && record.recipe === version ? effectCell(record) : '',
    standing(record, version, recipe.claim !== undefined),
  ]);
  return markdownTable(['recipe', 'paper', 'claim', 'effect', 'verdict'], rows);
}

const againstText = (against: string): string => (against === '' ? 'its own start' : `\`${against}\``);

function claimText({ claim }: Recipe): string[] {
  if (!claim) return ['It makes no claim.'];
  const asked = effectQuestion(claim);
  const direction = asked?.direction === 'equal' ? `within ±${asked.margin} of` : asked?.direction === 'down' ? 'below' : 'above';
  const effect = asked
    ? ` Effect: ${asked.of} of \`${asked.figure}\` of \`${asked.arm}\` ${direction} ${againstText(asked.against)}, ${claim.seeds} seeds.`
    : '';
  const left = claim.leavesOut === '' ? [] : [`**Left out.** ${claim.leavesOut}`];
  return [`**Claim.** ${claim.headline}${effect}`, ...left];
}

function section({ read: { recipe, text, version }, record }: PageEntry, plugins: readonly AnyPlugin[]): string {
  const paper = paperText(recipe.paper);
  const truth = recipe.groundTruth === 'none' ? ['No reward comes from ground truth: it is used for held-out measurement alone.'] : [];
  return [
    `## ${recipe.name}`,
    ...(paper === '' ? [] : [`*${paper}.*`]),
    ...(recipe.description === '' ? [] : [recipe.description]),
    leadingComment(text),
    ...truth,
    rolesTable(recipe),
    pluginsTable(recipe, plugins),
    ...claimText(recipe),
    ...(record ? [resultText(record, version)] : recipe.claim ? ['**Not run yet.**'] : []),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** docs/recipes.md. `plugins` are those that come with Red Queen. Pure. */
export function recipesPage(entries: readonly PageEntry[], plugins: readonly AnyPlugin[]): string {
  return `${[intro, overview(entries), ...entries.map((entry) => section(entry, plugins))].join('\n\n')}\n`;
}
