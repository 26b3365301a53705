// A service process of its own for tests of the shell: a proposer that echoes, slowly where it is told to.
import { RedQueenError } from '@redqueen/core';
import { runService } from '@redqueen/runtime';

await runService('proposer', async ({ clock }) => ({
  rpc: {
    ProposerService: {
      async Propose({ family, level }) {
        if (family === 'crash') process.nextTick(() => Promise.reject(new Error('nobody handles this')));
        if (family === 'hang') return new Promise(() => {});
        await clock.sleep(level);
        return { proposals: [{ text: family }] };
      },
    },
  },
  dependencies: [],
  async ready() {
    if (process.argv.includes('--no-model')) throw new RedQueenError('not_found', 'model x does not exist');
  },
}));
