// npm run chaos:resume -- [--points 10] [--seed 1] [--updates 8] [--json]: everything is killed at once, at several points, and resumed.
import { parseArgs } from 'node:util';
import { killPoints } from './points.ts';
import { deviations, pointText, runTrial, type Trial } from './trial.ts';

const { values } = parseArgs({
  options: {
    points: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    updates: { type: 'string', default: '8' },
    json: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const options = { seed, updates: Number(values.updates) };

/** Everything that is wrong with a run that went to its end. */
function faultsOf({ ledger, status }: Trial): string[] {
  return [...(status === 'finished' ? [] : [`it ended as ${status}`]), ...ledger.faults, ...deviations(ledger)];
}

const say = (line: string): void => console[values.json ? 'error' : 'log'](line);
const countsText = ({ ledger }: Trial): string => JSON.stringify(ledger.counts);

const whole = await runTrial(options);
say(`uninterrupted: ${countsText(whole)} ${faultsOf(whole).join('; ')}`);
const results: { readonly point: string; readonly killed: number; readonly faults: readonly string[] }[] = [];
for (const point of killPoints(Number(values.points), options.updates, seed)) {
  const trial = await runTrial(options, point);
  const faults = faultsOf(trial);
  results.push({ point: pointText(point), killed: trial.killed, faults });
  say(`${pointText(point)}, ${trial.killed} processes killed: ${countsText(trial)} ${faults.join('; ') || 'the same'}`);
}
const bad = results.filter(({ faults }) => faults.length > 0);
const met = bad.length === 0 && faultsOf(whole).length === 0;
const target = 'after a kill of everything at any point, resume ends with the counts of an uninterrupted run; nothing twice, nothing lost';
const value = { points: results.length, failed: bad, uninterrupted: whole.ledger.counts };
if (values.json) console.log(JSON.stringify({ id: 'resume', value, target, verdict: met ? 'met' : 'missed', seed }));
else say(met ? 'met' : `missed at ${bad.length} of ${results.length} points; seed ${seed}`);
if (!met) process.exitCode = 1;
