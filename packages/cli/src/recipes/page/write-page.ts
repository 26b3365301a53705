import { projectFolder } from '@redqueen/runtime';
import { join } from 'node:path';
import { knownPlugins } from '../../launch/known-plugins.ts';
import { allRecipes } from '../recipe-folder.ts';
import { readRecord } from '../records.ts';
import { recipesPage } from './page.ts';

/** The page of recipes in this checkout. */
export const pageFile = join(projectFolder, 'docs/recipes.md');

/** What the page says now: the recipes that come with Red Queen, with the claims that were recorded. */
export async function currentPage(): Promise<string> {
  const claims = join(projectFolder, 'docs/claims');
  const entries = allRecipes(join(projectFolder, 'config/recipes')).map((read) => ({ read, record: readRecord(claims, read.recipe.name) }));
  return recipesPage(entries, await knownPlugins());
}
