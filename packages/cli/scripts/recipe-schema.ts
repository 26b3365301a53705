// Part of npm run gen: writes config/recipe.schema.json, for editors that check recipes while they are written.
import { recipeJsonSchema } from '@redqueen/core';
import { projectFolder } from '@redqueen/runtime';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

writeFileSync(join(projectFolder, 'config/recipe.schema.json'), `${JSON.stringify(recipeJsonSchema(), undefined, 2)}\n`);
