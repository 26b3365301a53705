import { connect } from '@redqueen/sdk';

using redqueen = connect('127.0.0.1:7108'); // the address that `redqueen up` prints
const { run } = await redqueen.runs.start({ recipe: 'default', updates: 4 });
for await (const { run: state, figures } of redqueen.runs.watch(run)) {
  console.log(`${state.status}, ${state.updatesDone} updates, held-out accuracy ${figures['executor/0.sampled'] ?? '…'}`);
}
const { group } = await redqueen.ask({ run, agent: 'executor/0', prompt: '37+45=' });
console.log(`37+45=${group?.samples[0]?.text}, says executor v${group?.policy?.version}`);
