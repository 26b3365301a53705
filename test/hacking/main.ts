import { writeFileSync } from 'node:fs';
import { page, rows, tableFile } from './table.ts';

// npm run hacking: plays every exploit against every recipe and writes the table.
writeFileSync(tableFile, page(await rows()));
