import { planOf } from './plan.ts';
import { expectationOf } from './oracle.ts';
import { runSchedule } from './schedule.ts';
const family = process.argv[2];
const from = Number(process.argv[3] ?? 1);
const n = Number(process.argv[4] ?? 1);
const quiet = process.argv.includes('--quiet');
for (let s = from; s < from + n; s++) {
  const t = process.cpuUsage();
  const plan = planOf(family, s);
  const o = await runSchedule(plan, { keepLines: n === 1, expectation: await expectationOf(plan) });
  const u = process.cpuUsage(t);
  if (n === 1 && !quiet) console.log(o.lines?.join('\n'));
  console.log(
    s,
    o.traceHash,
    o.events,
    o.messages,
    o.elapsedMs | 0,
    ((u.user + u.system) / 1000) | 0,
    o.crashed,
    'ms',
    JSON.stringify(o.violations).slice(0, 500),
    n === 1 ? JSON.stringify(plan) : '',
  );
  await new Promise((r) => setImmediate(r));
}
