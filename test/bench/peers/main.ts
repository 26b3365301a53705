// npm run bench:peers -- [--quick] [--only TEXT] [--json] [--record]: our tells and asks beside other people's, in one run on one machine.
import { parseArgs } from 'node:util';
import { underLoad } from '../harness/load.ts';
import { thisMachine } from '../machine.ts';
import { queuePeers } from './bullmq.ts';
import { localPeers } from './local-peers.ts';
import { measureKind, type Row, type Shape } from './measure.ts';
import { remotePeers } from './moleculer.ts';
import { ours } from './ours.ts';
import { tablesText, writeRecord } from './page.ts';
import type { Kind } from './system.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
});

const shapes: readonly Shape[] = [
  { kind: 'local tell', window: 256, count: 20_000 },
  { kind: 'durable tell', window: 1, count: 2000 },
  { kind: 'durable tell', window: 256, count: 10_000 },
  { kind: 'remote ask', window: 1, count: 2000 },
  { kind: 'remote ask', window: 64, count: 8000 },
];
const all = [...ours, ...localPeers, ...queuePeers, ...remotePeers];
const rounds = values.quick ? 5 : 9;
const kinds: readonly Kind[] = (['local tell', 'durable tell', 'remote ask'] as const).filter((kind) => kind.includes(values.only));

const { result: rows, load } = await underLoad(async () => {
  const measured: Row[] = [];
  for (const kind of kinds) {
    process.stderr.write(`${kind} …\n`);
    const chosen = shapes.filter((shape) => shape.kind === kind);
    const sized = chosen.map((shape) => ({ ...shape, count: values.quick ? shape.count / 10 : shape.count }));
    measured.push(
      ...(await measureKind(
        all.filter((system) => system.kind === kind),
        sized,
        rounds,
      )),
    );
  }
  return measured;
});
const record = { machine: thisMachine(), date: new Date().toISOString().slice(0, 10), load, rounds, rows };
if (values.json) for (const row of rows) console.log(JSON.stringify({ ...row, load }));
else console.log(tablesText(record));
if (values.record) {
  if (values.quick || values.only !== '') throw new Error('--record writes the whole table: leave --quick and --only out');
  writeRecord(record);
  process.stderr.write('recorded in docs/peers.json and docs/peers.md\n');
}
process.exit();
