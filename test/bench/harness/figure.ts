/** Which sizes are measured: tiny ones that only show that a bench works, a few seconds a figure, or minutes. */
export type Form = 'smoke' | 'quick' | 'full';

/** Whether the value must reach the target from above or stay below it. */
export type Direction = 'at least' | 'at most';

/** What a figure says of its target. */
export type Verdict = 'met' | 'missed' | 'not shown';

/** A promise in numbers. */
export interface Goal {
  /** "P1.starter.b8": the goal's name, then what was varied. */
  readonly id: string;
  /** In words. */
  readonly what: string;
  readonly target: number;
  readonly direction: Direction;
  /** Of value and target; empty for ratios. */
  readonly unit: string;
}

/** A number with the interval that it was seen in; both ends are the value itself where it was counted or seen once. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** What else the machine did meanwhile. Shares are of all processors' time. */
export interface Load {
  /** Mean number of runnable processes over the minute before the end. */
  readonly average: number;
  /** Taken by the hypervisor; NaN where the system does not tell. */
  readonly steal: number;
  /** Time in which some process waited for a processor (/proc/pressure/cpu), as a share of the time that passed; NaN where the system does not tell. */
  readonly pressure: number;
  /** Used by processes that are not ours; NaN where the system does not tell. */
  readonly foreign: number;
}

/** What was measured on: the model, lengths, counts. */
export type Sizes = Readonly<Record<string, string | number>>;

/** A measured figure. */
export interface Figure extends Goal, Estimate {
  readonly form: Form;
  readonly size: Sizes;
  readonly verdict: Verdict;
  /** Why nothing is shown; absent where the verdict is met or missed. */
  readonly reason?: string;
  /** Median ratio of a side to itself, which should be 1; absent where nothing is compared. */
  readonly control?: number;
  /**
   * The figure in processor time of this process instead of time that passes, never judged: other processes disturb it less, but it does not see waiting.
   * NaN where runs are too short for that clock; absent where nothing is compared.
   */
  readonly processorRatio?: number;
  /** Ratios or values that the estimate is made of. */
  readonly count: number;
  readonly load: Load;
}
