import { Command, InvalidArgumentError } from 'commander';
import { figuresOf, type Figure } from './figures.ts';
import { families, type Family } from './plan.ts';
import { oneSchedule } from './range.ts';

// npm run simulate: the whole cluster under seeded schedules, and what they say of the robustness figures.

interface Options {
  readonly schedules: number;
  readonly seed: number;
  readonly workers: number;
  readonly json?: true;
  readonly replay?: string;
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('give a whole number ≥ 0');
  return value;
}

/** Reads "clock:17", or "17" for any:17. */
function scheduleOf(text: string): { family: Family; number: number } {
  const [first = '', second] = text.split(':');
  const family = second === undefined ? 'any' : families.find((known) => known === first);
  if (!family) throw new InvalidArgumentError(`schedules are of the families ${families.join(', ')}`);
  return { family, number: whole(second ?? first) };
}

/** Prints a schedule's plan and trace, and what it broke. Answers whether it broke nothing. */
async function replay(text: string): Promise<boolean> {
  const { family, number } = scheduleOf(text);
  const { lines = [], plan, traceHash, violations } = await oneSchedule(family, number, true);
  console.log([...lines, JSON.stringify(plan), `trace ${traceHash}`].join('\n'));
  for (const { promise, what } of violations) console.log(`${promise}: ${what}`);
  return violations.length === 0;
}

function print(figure: Figure, json: boolean): void {
  const { failures, ...line } = figure;
  if (json) return console.log(JSON.stringify(line));
  console.log(`${line.id}  ${line.verdict}  ${line.value} of ${line.target}; ${line.note}`);
  for (const { family, number, violations } of failures.slice(0, 5)) {
    console.log(`  ${family}:${number}  ${violations[0]?.promise}: ${violations[0]?.what}`);
    console.log(`  its trace: npm run simulate -- --replay ${family}:${number}`);
  }
}

const options = new Command('simulate')
  .description('Runs the services’ actors as simulated processes under seeded schedules of faults and checks what they promise.')
  .option('--schedules <count>', 'schedules of any faults; the other figures take shares of as many', whole, 10_000)
  .option('--seed <number>', 'number of the first schedule', whole, 0)
  .option('--workers <count>', 'processes that share the work', whole, 2)
  .option('--json', 'one line of JSON a figure')
  .option('--replay <schedule>', 'one schedule again, with its trace: a number, or <family>:<number>')
  .parse()
  .opts<Options>();

if (options.replay === undefined) {
  for await (const figure of figuresOf(options)) {
    print(figure, options.json === true);
    if (figure.verdict === 'missed') process.exitCode = 1;
  }
} else if (!(await replay(options.replay))) {
  process.exitCode = 1;
}
