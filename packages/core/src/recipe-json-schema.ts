import { z } from 'zod';
import { recipeSchema } from './recipe.ts';

/**
 * JSON Schema (draft 2020-12) of a recipe as it is written: keys with defaults may be left out. It knows the keys and their types; which plug-ins there are,
 * what options they take, and what contradicts what is checked by `redqueen recipe check`.
 */
export function recipeJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(recipeSchema, { io: 'input' });
  return { $schema, title: 'Red Queen recipe', ...schema };
}
