// npm run chaos:tamper -- [--flips 200] [--cuts 50] [--seed 1] [--bus nats|memory] [--json]: damages a stopped ledger, starts it again and audits it (R6, R7).
import { parseArgs } from 'node:util';
import { storeKinds, type StoreKind } from './stores.ts';
import { flipTrial, pristineStore, truncationTrial, type Outcome, type Pristine } from './trial.ts';

const { values } = parseArgs({
  options: {
    flips: { type: 'string', default: '200' },
    cuts: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    bus: { type: 'string' },
    fill: { type: 'string', default: '0' },
    slots: { type: 'string', default: '24' },
    json: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);

type Trial = (pristine: Pristine, seed: number, index: number) => Promise<Outcome>;

async function trials(kind: StoreKind, trial: Trial, count: number): Promise<Outcome[]> {
  using pristine = await pristineStore(kind, Number(values.slots), Number(values.fill));
  const outcomes: Outcome[] = [];
  for (let index = 0; index < count; index++) {
    const outcome = await trial(pristine, seed, index);
    outcomes.push(outcome);
    if (!values.json || outcome.verdict === 'silent')
      console.error(`${kind.name} ${index} ${outcome.verdict}  ${outcome.where}: ${outcome.what}`);
  }
  return outcomes;
}

function report(id: string, kind: StoreKind, what: string, outcomes: readonly Outcome[], met: (outcome: Outcome) => boolean): void {
  const counts: Record<string, number> = {};
  for (const { verdict } of outcomes) counts[verdict] = (counts[verdict] ?? 0) + 1;
  const verdict = outcomes.every(met) ? 'met' : 'missed';
  if (verdict === 'missed') process.exitCode = 1;
  const figure = { id, bus: kind.name, what, value: { trials: outcomes.length, ...counts }, target: '0 silent', verdict, seed };
  console.log(
    values.json ? JSON.stringify(figure) : `${id} ${kind.name} ${what}: ${JSON.stringify(figure.value)}: ${verdict} (seed ${seed})`,
  );
}

for (const kind of storeKinds.filter(({ name }) => values.bus === undefined || values.bus === name)) {
  report('R7', kind, 'bit flips', await trials(kind, flipTrial, Number(values.flips)), ({ verdict }) => verdict !== 'silent');
  report(
    'R6',
    kind,
    'lost ends',
    await trials(kind, truncationTrial, Number(values.cuts)),
    ({ verdict }) => verdict === 'refused' || verdict === 'healed',
  );
}
