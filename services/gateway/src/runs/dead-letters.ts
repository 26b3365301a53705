import type { DeadLetterReport } from '@redqueen/core';
import { DeadLetters as DeadLetterBook, type ServiceContext } from '@redqueen/runtime';

/** Messages that could not be handled. */
export interface DeadLetters {
  /** Those of a run, or of all runs for an empty id; oldest first. */
  list(run: string): Promise<readonly (DeadLetterReport & { readonly run: string; readonly deliveries: number })[]>;
}

/** The cluster's dead letters. */
export async function openDeadLetters({ bus, clock }: ServiceContext): Promise<DeadLetters> {
  const book = await DeadLetterBook.open(bus, clock);
  return {
    list: async (run) =>
      (await book.list(run === '' ? undefined : run)).map(({ key, actor, kind, cause, deliveries, run: owner }) => ({
        id: key,
        run: owner,
        actor,
        kind,
        cause,
        deliveries,
      })),
  };
}
