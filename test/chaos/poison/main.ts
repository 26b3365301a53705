// npm run chaos:poison -- [--each 5] [--bus nats|memory] [--seed 1] [--json]: every kind of poison among the messages of a run at work.
import { parseArgs } from 'node:util';
import { isMet, runPoisonTrial } from './trial.ts';

const { values } = parseArgs({
  options: {
    each: { type: 'string', default: '5' },
    bus: { type: 'string', default: 'nats' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const trial = await runPoisonTrial({ bus: values.bus === 'memory' ? 'memory' : 'nats', each: Number(values.each), seed });
const met = isMet(trial);
const target = 'every poison message dead with its cause after at most 5 deliveries, good traffic at least 90 %, order kept';
if (values.json) console.log(JSON.stringify({ id: 'R9', value: trial, target, verdict: met ? 'met' : 'missed', seed }));
else {
  console.log(`${trial.kinds} kinds, ${trial.messages} messages of poison on ${values.bus}; seed ${seed}`);
  console.log(`  not as the table says: ${trial.wrong.join('; ') || 'none'}`);
  console.log(`  at most ${trial.deliveries} deliveries; order: ${trial.disorder.join('; ') || 'kept'}`);
  console.log(`  good episodes settled: ${(100 * trial.good).toFixed(1)} % of ${trial.episodes}; ${trial.seconds.toFixed(1)} s`);
}
process.exit(met ? 0 : 1);
