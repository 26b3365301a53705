import type { Bus } from '@redqueen/runtime';
import type { Traffic } from './traffic.ts';

/** What became of the traffic. Each list names what is wrong; all must be empty. */
export interface TrafficVerdict {
  readonly confirmed: number;
  readonly stored: number;
  /** Confirmed and not on the stream, or not where the confirmation said. */
  readonly lost: readonly string[];
  /** On the stream more than once. */
  readonly doubled: readonly string[];
  /** After a later message of the same sender. */
  readonly disordered: readonly string[];
  /** Stored and never taken from the mailbox, or never seen by the reader, or seen out of order. */
  readonly unread: readonly string[];
  /** Counts that a compare-and-set lost or made up; reads and watches that went back. */
  readonly counters: readonly string[];
  /** Objects that are missing or different. */
  readonly objects: readonly string[];
}

interface OnStream {
  readonly id: string;
  readonly sequence: number;
}

async function streamOf(bus: Bus, run: string): Promise<OnStream[]> {
  const found: OnStream[] = [];
  for await (const { message, sequence } of bus.read(run, { from: 1, follow: false })) found.push({ id: message.id, sequence });
  return found;
}

function repeatedIds(stored: readonly OnStream[]): string[] {
  const seen = new Set<string>();
  return stored.flatMap(({ id }) => (seen.has(id) || !seen.add(id) ? [id] : []));
}

/** Ids are `s<sender>-<number>`, numbered in the order of sending. */
function outOfOrder(stored: readonly OnStream[]): string[] {
  const newest = new Map<string, number>();
  return stored.flatMap(({ id }) => {
    const [sender = '', value = ''] = id.split('-');
    const before = newest.get(sender) ?? -1;
    newest.set(sender, Math.max(before, Number(value)));
    return Number(value) < before ? [`${id} after ${sender}-${before}`] : [];
  });
}

function notRead({ delivered, followed }: Traffic, stored: readonly OnStream[]): string[] {
  const missing = stored.filter(({ id }) => !delivered.has(id)).map(({ id }) => `${id} never taken from the mailbox`);
  const gap = stored.find(({ sequence }, index) => followed[index] !== sequence);
  return [...missing, ...(gap ? [`the reader of the run has not ${gap.sequence} in its place`] : [])];
}

async function wrongCounts({ counters }: Traffic): Promise<string[]> {
  const final = await counters.value();
  const wrong = Object.entries(counters.confirmed).flatMap(([writer, confirmed]) => {
    const count = final[writer] ?? 0;
    const most = confirmed + (counters.unknown[writer] ?? 0);
    return count < confirmed || count > most ? [`${writer} counted ${confirmed} to ${most}, the value says ${count}`] : [];
  });
  const back = counters.watched.findIndex(({ sum }, index) => sum < (counters.watched[index - 1]?.sum ?? 0));
  const around = counters.watched.slice(Math.max(0, back - 2), back + 2).map(({ revision, sum }) => `${sum} at ${revision}`);
  return [
    ...wrong,
    ...(counters.staleReads > 0 ? [`${counters.staleReads} reads showed what was true before a confirmed write`] : []),
    ...(back === -1 ? [] : [`the watch went back: ${around.join(', ')}`]),
  ];
}

/** Compares what was confirmed with what is there. The traffic must have been stopped and every server be up. */
export async function trafficVerdict(traffic: Traffic, bus: Bus, run: string): Promise<TrafficVerdict> {
  const stored = await streamOf(bus, run);
  const place = new Map(stored.map(({ id, sequence }) => [id, sequence]));
  for (const index of traffic.objects.confirmed) await traffic.objects.look(index);
  return {
    confirmed: traffic.confirmed.length,
    stored: stored.length,
    lost: traffic.confirmed.filter(({ id, sequence }) => place.get(id) !== sequence).map(({ id, sequence }) => `${id} at ${sequence}`),
    doubled: repeatedIds(stored),
    disordered: outOfOrder(stored),
    unread: notRead(traffic, stored),
    counters: await wrongCounts(traffic),
    objects: traffic.objects.wrong,
  };
}

/** The longest time without a confirmation within a span, its ends included, and when it began; milliseconds. */
export function longestStall(confirmedAt: readonly number[], from: number, to: number): { readonly from: number; readonly ms: number } {
  const marks = [from, ...confirmedAt.filter((at) => at > from && at < to).toSorted((a, b) => a - b), to];
  const stalls = marks.slice(1).map((mark, index) => ({ from: marks[index] ?? from, ms: mark - (marks[index] ?? from) }));
  return stalls.reduce((longest, stall) => (stall.ms > longest.ms ? stall : longest), { from, ms: 0 });
}
