import type { Logger } from '@redqueen/runtime';
import { refusalReasons } from './fold/refusals.ts';
import type { Refusal } from './fold/work.ts';

/** Refusals of one message that are written out; the rest is only counted. */
const mostWritten = 8;
/** Messages with refusals that are logged one by one; from then on every hundredth is, so that forgeries cannot fill a disk. */
const mostMessages = 2000;
const sampled = 100;
/** Characters of a name that are written: a forged one may be as long as a message. */
const longestName = 80;

function written(refusal: Refusal): Refusal {
  const short = Object.entries(refusal).map(([key, value]) => [key, typeof value === 'string' ? value.slice(0, longestName) : value]);
  return Object.fromEntries(short) as Refusal;
}

/** Logs the rewards of a message that do not count, each with its code: as a warning, unless all of them are repetitions, as honest tellers make after a crash. */
export function refusalLog(logger: Logger): (message: string, refusals: readonly Refusal[]) => void {
  let messages = 0;
  return (message, refusals) => {
    const worst = refusals.find(({ reason }) => reason !== 'duplicate' && reason !== 'late') ?? refusals[0];
    if (!worst) return;
    messages += 1;
    if (messages > mostMessages && messages % sampled !== 0) return;
    const { reason } = worst;
    const level = reason === 'duplicate' || reason === 'late' ? 'info' : 'warn';
    const rewards = refusals.reduce((sum, refusal) => sum + refusal.rewards, 0);
    logger[level](
      { message: message.slice(0, longestName), messages, refusals: refusals.slice(0, mostWritten).map(written) },
      `${rewards} rewards do not count: ${reason} (${refusalReasons[reason]})`,
    );
  };
}
