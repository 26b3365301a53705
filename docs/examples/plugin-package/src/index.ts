import { leastVisited } from './least-visited.ts';
import { relativeLength } from './relative-length.ts';

/** What Red Queen loads: recipes name them redqueen-plugin-example/relative-length and redqueen-plugin-example/least-visited. */
export const plugins = [relativeLength, leastVisited];
