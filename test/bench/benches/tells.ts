import { openAskSides } from '../actors/ask-sides.ts';
import type { PreparedSide } from '../actors/drive.ts';
import { openTellSides } from '../actors/tell-sides.ts';
import { quantileOf } from '../harness/bootstrap.ts';
import { bench, type ModelBench, type Opened } from './bench.ts';

interface Size {
  /** Tells or asks of a run. */
  readonly count: number;
  /** How many may be unconfirmed at once. */
  readonly window: number;
}

interface Sides extends AsyncDisposable {
  readonly ours: PreparedSide;
  readonly raw: PreparedSide;
  readonly bytes?: number;
}

function factsOf({ bytes }: Sides): { facts?: { bytes: number } } {
  return bytes === undefined ? {} : { facts: { bytes } };
}

/** How many more a second ours does. */
async function openSpeed(open: () => Promise<Sides>, { count, window }: Size): Promise<Opened> {
  const sides = await open();
  const side = (name: 'ours' | 'raw') => {
    let ready = sides[name](count);
    return {
      prepare: async () => {
        ready = sides[name](count);
      },
      run: async () => {
        await ready(window);
      },
    };
  };
  return {
    kind: 'compared',
    ...factsOf(sides),
    scale: 1,
    control: 'baseline',
    baseline: side('raw'),
    subject: side('ours'),
    close: async () => await sides[Symbol.asyncDispose](),
  };
}

/** How much longer ours takes in the worst hundredth: runs in turn, the first of each dropped. */
async function openTail(open: () => Promise<Sides>, { count, window }: Size, pairs: number): Promise<Opened> {
  const sides = await open();
  const values = async (): Promise<readonly number[]> => {
    const ratios: number[] = [];
    for (let pair = 0; pair <= pairs; pair++) {
      const order = pair % 2 === 0 ? (['ours', 'raw'] as const) : (['raw', 'ours'] as const);
      const tails = new Map<string, number>();
      for (const name of order) tails.set(name, quantileOf(await sides[name](count)(window), 0.99));
      if (pair > 0) ratios.push((tails.get('ours') ?? 0) / (tails.get('raw') ?? 1));
    }
    return ratios;
  };
  return { kind: 'timed', ...factsOf(sides), quantile: 0.5, values, close: async () => await sides[Symbol.asyncDispose]() };
}

interface Kind {
  readonly name: string;
  readonly what: string;
  readonly baseline: string;
  readonly subject: string;
  readonly window: number;
  readonly counts: Readonly<Record<'smoke' | 'quick' | 'full', number>>;
  readonly open: () => Promise<Sides>;
}

const rawTell = 'publish of the NATS client: the same bytes, subject, id, stream settings and window';
const ourTell = 'an actor’s host tells: message, codec, id, outbox, confirmation';
const kinds: readonly Kind[] = [
  {
    name: 'tell.sync',
    what: 'durable tells one after the other',
    baseline: rawTell,
    subject: ourTell,
    window: 1,
    counts: { smoke: 20, quick: 1000, full: 4000 },
    open: openTellSides,
  },
  {
    name: 'tell.async',
    what: 'durable tells, 256 unconfirmed at once',
    baseline: rawTell,
    subject: ourTell,
    window: 256,
    counts: { smoke: 20, quick: 8000, full: 30_000 },
    open: openTellSides,
  },
  {
    name: 'ask',
    what: 'asks one after the other, of another process',
    baseline: 'a client and a server of grpc-js alone, the same method and message',
    subject: 'a client and a server of our RPC layer: deadline, retries, signal, errors',
    window: 1,
    counts: { smoke: 20, quick: 800, full: 3000 },
    open: openAskSides,
  },
];

/** P10: what our bus and RPC layers cost on top of the clients that they use. */
export const tellBenches: readonly ModelBench[] = kinds.flatMap(({ name, what, baseline, subject, window, counts, open }) => {
  const size = (form: 'smoke' | 'quick' | 'full'): Size => ({ count: counts[form], window });
  const sizes = { smoke: size('smoke'), quick: size('quick'), full: size('full') };
  return [
    bench<Size>({
      id: `P10.${name}`,
      what,
      baseline,
      subject,
      target: 0.8,
      direction: 'at least',
      unit: '',
      sizes,
      open: (chosen) => openSpeed(open, chosen),
    }),
    bench<Size>({
      id: `P10.${name}.p99`,
      what: `${what}: the time until it is confirmed, 99th percentile, over that of the plain client`,
      baseline,
      subject,
      target: 2,
      direction: 'at most',
      unit: '',
      sizes,
      open: (chosen) => openTail(open, chosen, 9),
    }),
  ];
});
