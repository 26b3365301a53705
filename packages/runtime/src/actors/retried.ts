const mark = '.retry-';

/** A message as it first came. */
export interface Origin {
  readonly id: string;
  /** Where it came for the first time; undefined for a message that is no retry. */
  readonly sequence: number | undefined;
}

/** The id under which the dead message at `sequence` is told once more. */
export function retryId(id: string, sequence: number): string {
  return `${id}${mark}${sequence}`;
}

/**
 * The message as it first came. A retry is handled under its origin's id: the same random numbers, the same ids of what is told. So what was told before the
 * message died is recognised, and counts once (A3).
 */
export function originOf(id: string): Origin {
  const at = id.indexOf(mark);
  if (at === -1) return { id, sequence: undefined };
  const sequence = Number.parseInt(id.slice(at + mark.length), 10);
  return Number.isNaN(sequence) ? { id, sequence: undefined } : { id: id.slice(0, at), sequence };
}

/** Whether the message is a dead letter that is told once more. It was on the stream before: who counts what happened leaves it out. */
export function isRetry(id: string): boolean {
  return originOf(id).sequence !== undefined;
}
