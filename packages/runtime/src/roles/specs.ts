import type { TaskSpec } from '@redqueen/contract';
import { RedQueenError, type Task } from '@redqueen/core';

/** Where a task came from. */
export type Origin = 'proposer' | 'generator' | 'user';

/** A task as messages carry it. */
export function specOf(task: Task, origin: Origin): TaskSpec {
  return { environment: task.environment, family: task.family, level: task.level, canonical: task.canonical, origin };
}

/** The task of a message. Throws `invalid_argument` where the message has none. */
export function taskOf(spec: TaskSpec | null): Task {
  if (!spec?.canonical) throw new RedQueenError('invalid_argument', 'spec: a task needs its canonical form; fill in spec.canonical');
  return { environment: spec.environment, family: spec.family, level: spec.level, canonical: spec.canonical };
}
