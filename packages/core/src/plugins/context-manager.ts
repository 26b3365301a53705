import type { TrainedRole } from '../recipe.ts';
import type { Task } from './environment.ts';
import type { MemoryStore } from './memory-store.ts';

/** A role about to act. */
export interface Situation {
  readonly role: TrainedRole;
  readonly task: Task;
  /** What the environment asks of the role, with nothing added. */
  readonly prompt: string;
}

/** What a role acts on and what training sees of it. */
export interface Context {
  /** The prompt that the policy continues. */
  readonly prompt: string;
  /** The prompt that training puts before the same answer; where it differs, log-probabilities are measured again under it. */
  readonly forTraining: string;
}

/** What a context manager is created with. */
export interface ContextTools {
  /** The recipe's memory stores, by the names it gives them. */
  readonly memory: Readonly<Record<string, MemoryStore>>;
}

/** What a role sees, and what training sees. */
export interface ContextManager {
  readonly name: string;
  /** The context of one situation. The same situation and memory give the same context. */
  build(situation: Situation): Promise<Context>;
}
