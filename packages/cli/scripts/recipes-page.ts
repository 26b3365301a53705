// npm run docs:recipes: writes docs/recipes.md from config/recipes and docs/claims.
import { writeFileSync } from 'node:fs';
import { currentPage, pageFile } from '../src/recipes/page/write-page.ts';

writeFileSync(pageFile, await currentPage());
