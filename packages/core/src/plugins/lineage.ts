/** How the pass/fail answers of one version differ from another's on the same anchors. */
export interface Flips {
  /** Anchors that the first passed and the second fails. */
  readonly passToFail: number;
  /** Anchors that the first failed and the second passes. */
  readonly failToPass: number;
}

/** A version with its answers to the gate anchors ("1" passed, "0" failed). */
export interface TriedVersion {
  readonly number: number;
  readonly passed: string;
  /** Losses on the gate anchors by a proper score, two hexadecimal digits each; empty where passed or failed decides. */
  readonly losses: string;
}

/** What a lineage is asked to decide. */
export interface Admission {
  readonly candidate: TriedVersion;
  /** The version that it was trained from. */
  readonly parent: TriedVersion;
  /** The version that did best on the anchors among the parent and its ancestors. */
  readonly best: TriedVersion;
  /** One-sided number of standard deviations. */
  readonly tolerance: number;
  /** One-sided number of standard errors of the mean difference of losses. */
  readonly lossTolerance: number;
}

/** A lineage's decision. */
export interface Verdict {
  readonly release: boolean;
  /** "gate" for a release; else a sentence with the numbers. */
  readonly reason: string;
  /** Flips against the parent. */
  readonly flips: Flips;
}

/** Which version lives. Pure. */
export interface Lineage {
  readonly name: string;
  /** False where candidates are released without being tried on the gate anchors; `admit` is then never asked. */
  readonly measures: boolean;
  admit(admission: Admission): Verdict;
}
