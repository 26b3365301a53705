import { describe, expect, it } from 'vitest';
import { storeKinds } from './stores.ts';
import { flipTrial, pristineStore, truncationTrial } from './trial.ts';

// A short form of `npm run chaos:tamper`; a silent outcome prints where its damage was.
const seed = 20_261;

describe.each(storeKinds)('a stopped $name store that is damaged and started again', (kind) => {
  it('is healed, refused or found by the audit for every flipped bit, and never gone on with once its end is lost', async () => {
    using pristine = await pristineStore(kind, 8);
    for (let index = 0; index < 5; index++) {
      const outcome = await flipTrial(pristine, seed, index);
      expect(outcome.verdict, `flip ${index} of seed ${seed}: ${JSON.stringify(outcome)}`).toMatch(/^(healed|refused|found)$/);
    }
    for (let index = 0; index < 3; index++) {
      const outcome = await truncationTrial(pristine, seed, index);
      expect(outcome.verdict, `cut ${index} of seed ${seed}: ${JSON.stringify(outcome)}`).toMatch(/^(refused|healed)$/);
    }
  });
});
