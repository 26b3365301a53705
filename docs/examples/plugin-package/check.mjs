// Checks the package's plug-ins with the conformance kits, without a test runner: node docs/examples/plugin-package/check.mjs
import { curriculumConformance, rewardTermConformance, runConformance } from '@redqueen/core/conformance';
import { leastVisited } from './src/least-visited.ts';
import { relativeLength } from './src/relative-length.ts';

const checked = await runConformance([...rewardTermConformance(relativeLength), ...curriculumConformance(leastVisited)]);
process.stdout.write(`${checked} promises kept\n`);
