import type { Bus } from '@redqueen/runtime';
import { knobMessage } from '@redqueen/testkit';
import { afterAll, beforeAll, describe } from 'vitest';
import { busKinds, type BusUnderTest } from './buses.ts';

/** What the tests of one bus share. */
export interface Suite {
  /** The bus; only inside a test. */
  readonly bus: Bus;
  readonly subject: BusUnderTest;
  /** Opens a run of the test's own. */
  freshRun(): Promise<string>;
  /** Tells an actor numbers, in that order, each with an id of its own. */
  feed(run: string, to: string, values: readonly number[]): Promise<void>;
}

/** Runs the same tests on each bus. */
export function onEachBus(title: string, tests: (suite: Suite) => void): void {
  describe.each(busKinds)(`${title} on the $name bus`, ({ open }) => {
    let subject: BusUnderTest | undefined;
    let runs = 0;
    const opened = (): BusUnderTest => {
      if (!subject) throw new Error('the bus is open only inside a test');
      return subject;
    };
    const suite: Suite = {
      get bus() {
        return opened().bus;
      },
      get subject() {
        return opened();
      },
      freshRun: async () => {
        const run = `run-${++runs}`;
        await opened().bus.openRun(run);
        return run;
      },
      feed: async (run, to, values) => {
        await Promise.all(values.map((value) => opened().bus.publish(knobMessage({ run, id: `${to}-${value}`, to, value }))));
      },
    };
    beforeAll(async () => {
      subject = await open();
    });
    afterAll(() => subject?.close());
    tests(suite);
  });
}

/** Whole numbers from `from` on. */
export const range = (count: number, from = 1): number[] => Array.from({ length: count }, (_, index) => from + index);

/** The sums of the first one, two, three … values. */
export const runningSums = (values: readonly number[]): number[] =>
  values.map((_, index) => values.slice(0, index + 1).reduce((sum, value) => sum + value, 0));
