import { planOf } from './plan.ts';
import { expectationOf } from './oracle.ts';
import { runSchedule } from './schedule.ts';
const seed = Number(process.argv[2] ?? 1);
const n = Number(process.argv[3] ?? 1);
const quiet = process.argv.includes('--quiet');
for (let s = seed; s < seed + n; s++) {
  const t = process.cpuUsage();
  const plan = process.argv.includes('--calm') ? { ...planOf(s), blows: [], doubled: [], faults: { delayMs: 4, stallRate: 0, stallMs: 0, lossRate: 0 }, repetition: { rate: 0, withinMs: 0 } } : planOf(s);
  const o = await runSchedule(plan, { keepLines: n === 1, expectation: await expectationOf(plan) });
  const u = process.cpuUsage(t);
  if (n === 1 && !quiet) console.log(o.lines?.join('\n'));
  console.log(s, o.traceHash, o.events, o.messages, o.elapsedMs | 0, ((u.user + u.system) / 1000) | 0, 'ms', JSON.stringify(o.violations).slice(0,500), n === 1 ? JSON.stringify(plan) : '');
  await new Promise((r) => setImmediate(r));
}
