import { type ChaosFigure, type ChaosOptions, figure } from '../harness/scenario.ts';
import type { Traffic } from './traffic.ts';
import type { TrafficVerdict } from './verdict.ts';

const lists = ['lost', 'doubled', 'disordered', 'unread', 'counters', 'objects'] as const;

const meanings: Record<(typeof lists)[number], string> = {
  lost: 'confirmed messages that are not on the stream where the confirmation said',
  doubled: 'messages that are on the stream more than once',
  disordered: 'messages after a later one of the same sender',
  unread: 'stored messages that mailbox or reader never gave out',
  counters: 'values, reads and watches that lost a confirmed compare-and-set',
  objects: 'confirmed objects that are missing or different',
};

/** One figure for each way in which traffic can be hurt; the first of those hurt are named. */
export function trafficFigures(id: string, options: Pick<ChaosOptions, 'seed'>, verdict: TrafficVerdict): ChaosFigure[] {
  return lists.map((name) => {
    const found = verdict[name];
    const what = `${meanings[name]}, of ${verdict.stored} stored${found.length > 0 ? `: ${found.slice(0, 5).join(', ')}` : ''}`;
    return figure(`${id}.${name}`, options, found.length, { atMost: 0 }, what);
  });
}

/** What the traffic met, in one line. */
export function trafficText({ confirmed, failed, delivered, counters, objects }: Traffic): string {
  const again = [...delivered.values()].filter((times) => times > 1).length;
  const errors = [...failed, ...objects.failed].map(([message, times]) => `${times}x ${message}`);
  const { a = 0, b = 0 } = counters.confirmed;
  return [
    `${confirmed.length} messages confirmed, ${again} came more than once`,
    `${a + b} increments, ${Object.values(counters.conflicts).join('+')} conflicts, ${Object.values(counters.unknown).join('+')} of unknown outcome`,
    `${objects.confirmed.length} objects`,
    errors.length > 0 ? `failed: ${errors.slice(0, 6).join('; ')}` : 'no call failed',
  ].join('; ');
}
