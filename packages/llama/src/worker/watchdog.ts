/** Unanswered beats after which a process counts as hung. */
const beatsMissed = 4;

/** A watch over a process that answers beats. */
export interface Watch {
  /** The process has answered. */
  answered(): void;
  /** Ends the watch. */
  stop(): void;
}

/**
 * Sends beats and calls `hung` once when none was answered for `limitMs`. It counts beats instead of reading a clock: while this process itself is
 * stopped or starved, or the whole machine sleeps, no beat is sent and none is missed.
 */
export function watch(limitMs: number, beat: () => void, hung: () => void): Watch {
  let missed = 0;
  const timer = setInterval(() => {
    if (missed++ < beatsMissed) return beat();
    clearInterval(timer);
    hung();
  }, limitMs / beatsMissed);
  timer.unref();
  beat();
  return {
    answered() {
      missed = 0;
    },
    stop: () => clearInterval(timer),
  };
}
