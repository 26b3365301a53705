import type { Direction, Estimate, Load, Verdict } from './figure.ts';

/** A side compared with itself must come out as 1 within this. */
const controlTolerance = 0.03;
/** Largest share of the processors that strangers may use while we measure. */
const foreignShare = 0.1;

/** What a verdict is made of. */
export interface Evidence extends Estimate {
  readonly target: number;
  readonly direction: Direction;
  /** Absent where nothing was compared. */
  readonly control?: number | undefined;
  /** Whether the figure depends on the time that things take, and so on what else the machine does. */
  readonly timed: boolean;
  readonly load: Load;
}

/** A verdict, with the reason where there is none to give. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly reason?: string;
}

function notShown(reason: string): Judgement {
  return { verdict: 'not shown', reason };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

function disturbance({ foreign }: Load): string | undefined {
  if (Number.isNaN(foreign)) return 'this system does not tell what other processes use';
  return foreign > foreignShare ? `other processes used ${percent(foreign)} of the processors` : undefined;
}

/**
 * Met or missed where the whole interval lies on one side of the target (a value on it counts as met). Not shown where the interval straddles it, where a value is
 * not finite, and, for what is timed, where strangers used more than a tenth of the processors or a side compared with itself is not 1.00 ± 0.03.
 */
export function judge({ value, low, high, target, direction, control, timed, load }: Evidence): Judgement {
  if (![value, low, high].every(Number.isFinite)) return notShown('the value is not finite');
  const disturbed = timed ? disturbance(load) : undefined;
  if (disturbed !== undefined) return notShown(disturbed);
  // A hair of tolerance, because 1.03 − 1 is more than 0.03 in binary.
  if (control !== undefined && !(Math.abs(control - 1) <= controlTolerance + 1e-9)) {
    return notShown(`a side compared with itself gives ${control.toFixed(3)} instead of 1.00 ± ${controlTolerance.toFixed(2)}`);
  }
  const [near, far] = direction === 'at least' ? [low - target, high - target] : [target - high, target - low];
  if (near >= 0) return { verdict: 'met' };
  return far < 0 ? { verdict: 'missed' } : notShown('the interval straddles the target');
}
