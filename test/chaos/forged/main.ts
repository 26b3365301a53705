// npm run chaos:forged -- [--tries 500] [--slots 12] [--seed 1] [--json]: forged reward bundles against the reward aggregator, over a real nats-server.
import { parseArgs } from 'node:util';
import { createNatsBus, silentLogger, systemClock } from '@redqueen/runtime';
import { startTestNats } from '@redqueen/testkit';
import { isMet, runForgedTrial, type ForgedTrial } from './trial.ts';

const { values } = parseArgs({
  options: {
    tries: { type: 'string', default: '500' },
    slots: { type: 'string', default: '12' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);

function print(trial: ForgedTrial, seconds: number): void {
  console.log(`${trial.tries} forged bundles in ${seconds.toFixed(1)} s; seed ${seed}`);
  for (const [way, count] of Object.entries(trial.ways)) console.log(`  ${count} × ${way}`);
  console.log(`accepted: ${trial.accepted.join(', ') || 'none'}`);
  console.log(`settlements changed: ${trial.changed} of ${trial.settlements}`);
  console.log(
    `logged: ${Object.entries(trial.codes)
      .map(([code, count]) => `${code} ${count}`)
      .join(', ')}`,
  );
  console.log(`not logged, or with another code: ${trial.unexplained.join(', ') || 'none'}`);
}

const server = await startTestNats();
try {
  const bus = await createNatsBus({ url: server.url, name: 'forged', clock: systemClock, logger: silentLogger });
  const began = systemClock.now();
  const trial = await runForgedTrial(bus, { tries: Number(values.tries), slots: Number(values.slots), seed });
  const seconds = (systemClock.now() - began) / 1000;
  await bus.close();
  const target = '0 forged rewards accepted, no settlement changed, each logged with its code';
  if (values.json) {
    const value = { ...trial, accepted: trial.accepted.length, unexplained: trial.unexplained.length, seconds };
    console.log(JSON.stringify({ id: 'R13', value, target, verdict: isMet(trial) ? 'met' : 'missed', seed }));
  } else print(trial, seconds);
  if (!isMet(trial)) process.exitCode = 1;
} finally {
  await server.close();
}
