import { pluginChoices, pluginKinds, type AnyPlugin, type Recipe, type RecipeChoice } from '@redqueen/core';
import { markdownTable } from './markdown.ts';

/** The choices that take part: how a role would learn that does not train says nothing. */
function choicesOf(recipe: Recipe): readonly RecipeChoice[] {
  const idle = Object.entries(recipe.roles).flatMap(([name, { trains }]) => (trains ? [] : [`roles.${name}.`]));
  return pluginChoices(recipe).filter(({ key }) => !idle.some((prefix) => key.startsWith(prefix)));
}

const kindOrder = Object.keys(pluginKinds);

/** Every plug-in that takes part in the recipe, once each, with what it does and where it comes from. */
export function pluginsTable(recipe: Recipe, plugins: readonly AnyPlugin[]): string {
  const inOrder = [...choicesOf(recipe)].sort((a, b) => kindOrder.indexOf(a.kind) - kindOrder.indexOf(b.kind));
  const choices = Map.groupBy(inOrder, ({ kind, use }) => `${kind} ${use}`);
  const rows = [...choices.values()].flatMap((same) => {
    const [choice] = same;
    if (!choice) return [];
    const plugin = plugins.find(({ kind, name }) => kind === choice.kind && name === choice.use);
    return [[choice.kind.replaceAll('-', ' '), `\`${choice.use}\``, plugin?.about ?? '', plugin?.source ?? '']];
  });
  return markdownTable(['kind', 'plug-in', 'what it does', 'source'], rows);
}

type Role = Recipe['roles']['executor'];

function signed(weight: number): string {
  return weight < 0 ? `−${-weight}` : String(weight);
}

function roleRow(name: string, { trains, agents, optimizer, rewards, credit }: Role): string[] {
  const terms = rewards.map(({ use, weight }) => `${signed(weight)} · ${use}`).join(', ');
  const learns = trains ? `${optimizer.use}, rate ${optimizer.learningRate}` : 'does not train';
  return [agents > 1 ? `${name} × ${agents}` : name, learns, trains ? terms : '', trains ? credit.map(({ use }) => use).join(' → ') : ''];
}

/** What each role learns by. */
export function rolesTable(recipe: Recipe): string {
  const rows = Object.entries(recipe.roles).map(([name, role]) => roleRow(name, role));
  return markdownTable(['role', 'optimizer', 'rewards', 'credit'], rows);
}
