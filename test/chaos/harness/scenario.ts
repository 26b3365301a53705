/** Quick: seconds, for every change. Full: the sizes that the targets name. */
export type ChaosForm = 'quick' | 'full';

/** What a scenario is run with. */
export interface ChaosOptions {
  readonly form: ChaosForm;
  /** Everything that is drawn (who is killed, when, which run) derives from it. */
  readonly seed: number;
  /** Length of the time under fault, in seconds; the form's own where undefined. */
  readonly seconds: number | undefined;
  /** Between two faults, in seconds; the form's own where undefined. */
  readonly every: number | undefined;
  /** An empty folder for this scenario alone, removed after it. */
  readonly folder: string;
  /** Tells what happens, one line each: the fault schedule, what was seen. Not a figure. */
  readonly say: (line: string) => void;
}

/** One number against its promise. */
export interface ChaosFigure {
  /** The goal, and what of it where it has several numbers: "R1.lost". */
  readonly id: string;
  readonly value: unknown;
  /** In words: "0", "at most 5 s", "at least 0.8". */
  readonly target: string;
  readonly verdict: 'met' | 'missed';
  readonly seed: number;
  /** What was counted, where the number alone says too little; shown to people. */
  readonly what?: string;
}

/** Real faults on real processes, and what came of them. */
export interface Scenario {
  /** As in the table of goals: "R1". `--only R18` also takes "R18a". */
  readonly id: string;
  readonly title: string;
  /** Runs it to its end. Leaves no process behind, whether it returns or throws. */
  run(options: ChaosOptions): Promise<readonly ChaosFigure[]>;
}

/** A figure that must not exceed (or fall below) a number. A value that is no number misses. */
export function figure(
  id: string,
  { seed }: Pick<ChaosOptions, 'seed'>,
  value: number,
  bound: { readonly atMost: number; readonly unit?: string } | { readonly atLeast: number; readonly unit?: string },
  what?: string,
): ChaosFigure {
  const met = 'atMost' in bound ? value <= bound.atMost : value >= bound.atLeast;
  const limit = 'atMost' in bound ? (bound.atMost === 0 ? '0' : `at most ${bound.atMost}`) : `at least ${bound.atLeast}`;
  const target = bound.unit ? `${limit} ${bound.unit}` : limit;
  const rounded = Number.isInteger(value) ? value : Number(value.toPrecision(4));
  return { id, value: rounded, target, verdict: met ? 'met' : 'missed', seed, ...(what !== undefined && { what }) };
}
