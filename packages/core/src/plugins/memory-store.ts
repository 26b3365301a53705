/** Something worth remembering. */
export interface Experience {
  /** What belongs together, e.g. "arithmetic/add": a query never crosses scopes. */
  readonly scope: string;
  /** What it is about, e.g. a task's canonical form; queries look for similar ones. */
  readonly about: string;
  /** What is remembered, e.g. the answer given. */
  readonly content: string;
  /** How good it is held to be, in [0, 1]; never the truth, which no memory of an acting role may know. */
  readonly merit: number;
}

/** An experience that was found again. */
export interface Recalled extends Experience {
  readonly id: string;
  /** How similar it is to what was asked about, in [0, 1]. */
  readonly similarity: number;
}

/** What to look for. */
export interface MemoryQuery {
  readonly scope: string;
  readonly about: string;
  /** At most that many. */
  readonly count: number;
  /** Leaves out experiences of less merit. */
  readonly atLeastMerit?: number;
}

/** What a memory store is created with. */
export interface MemoryTools {
  readonly seed: number;
}

/** What persists across tasks. */
export interface MemoryStore {
  readonly name: string;
  /** Keeps an experience and gives its id; the same scope, about and content are one experience, of the newest merit. */
  write(experience: Experience): Promise<string>;
  /** The most similar experiences of a scope, best first. The same memory and query give the same list. */
  query(query: MemoryQuery): Promise<readonly Recalled[]>;
  /** Says whether an experience helped; raises or lowers its merit. Unknown ids are ignored: they may have been dropped. */
  feedback(id: string, helped: boolean): Promise<void>;
  /** Merges and drops what is not worth its place. */
  consolidate(): Promise<{ readonly merged: number; readonly dropped: number }>;
}
