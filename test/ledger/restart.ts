// npm run ledger:restart -- [--events 1000000] [--bus nats] [--json]: how long a killed aggregator takes from its start to its place at the end of a long ledger (P12).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { knobMessage } from '@redqueen/testkit';
import { publishAll, run, startAggregator, storyOf } from '../chaos/tamper/ledger.ts';
import { storeKinds } from '../chaos/tamper/stores.ts';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    bus: { type: 'string', default: 'nats' },
    json: { type: 'boolean', default: false },
  },
});
const events = Number(values.events);
const kind = storeKinds.find(({ name }) => name === values.bus);
if (!kind) throw new Error(`--bus must be nats or memory, not ${values.bus}`);
/** Messages in flight at once while the ledger is made. */
const window = 2000;
const snapshotMessages = 2000;

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return Number(((performance.now() - from) / 1000).toFixed(3));
}

const folder = mkdtempSync(join(tmpdir(), 'redqueen-restart-'));
try {
  const first = await kind.open(folder);
  await first.bus.openRun(run);
  const aggregator = await startAggregator(first.bus, folder, snapshotMessages);
  await publishAll(first.bus, storyOf(100));
  for (let last = await first.bus.lastSequence(run); last < events; last = await first.bus.lastSequence(run)) {
    const more = Array.from({ length: Math.min(window, events - last) }, (_, index) =>
      knobMessage({ run, id: `k${last + index}`, to: 'policy/0' }),
    );
    await Promise.all(more.map((message) => first.bus.publish(message)));
    await aggregator.reached(last);
  }
  const last = await first.bus.lastSequence(run);
  await aggregator.reached(last);
  await aggregator.kill();
  await first.kill();
  let second = first;
  const store = await seconds(async () => (second = await kind.open(folder)));
  await second.bus.openRun(run);
  let again = aggregator;
  const active = await seconds(async () => {
    again = await startAggregator(second.bus, folder, snapshotMessages);
    await again.reached(last);
  });
  const { handled } = again.host.status();
  await again.kill();
  await second.kill();
  const figure = {
    id: 'P12',
    bus: kind.name,
    value: { events: last, tail: handled, storeSeconds: store, activeSeconds: active },
    target: '≤ 2 s from start to active',
    verdict: active <= 2 ? 'met' : 'missed',
  };
  console.log(values.json ? JSON.stringify(figure) : JSON.stringify(figure, undefined, 1));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
