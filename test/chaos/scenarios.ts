import type { Scenario } from './harness/scenario.ts';
import { scriptScenario } from './harness/script-scenario.ts';

/** Every scenario of `npm run chaos`, in the order in which they run. */
export const scenarios: readonly Scenario[] = [
  scriptScenario({
    id: 'R11',
    title: 'crafted and broken adapter files',
    path: 'chaos/adapters/main.ts',
    words: ({ form }) => ['--flips', form === 'full' ? '2000' : '200'],
  }),
];
