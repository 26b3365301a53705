import type { AnchorResult, Figure, Released } from '@redqueen/contract';
import { trustOf } from '../terms/verifier-score.ts';
import type { Work } from './work.ts';

/** Released versions that are remembered an agent; older ones are stale anyway. */
const remembered = 64;

/** A version is now its agent's policy: samples must carry its hash. The verifier's gate figures also say how far it is to be trusted. */
export function recordReleased(work: Work, released: Released): void {
  const { versions } = work.state;
  const known = versions.get(released.agent) ?? [];
  known.push({ version: released.version, adapterHash: released.adapterHash });
  if (known.length > remembered) known.shift();
  versions.set(released.agent, known);
  if (released.agent === work.rules.roles.verifier.agent) trust(work, released.figures);
}

/** A look at the development anchors: hidden probes that only the verifier's trust is measured on. */
export function recordAnchorResult(work: Work, result: AnchorResult): void {
  const { task } = result;
  if (task?.purpose !== 'ANCHOR_PURPOSE_DEVELOP' || task.agent !== work.rules.roles.verifier.agent) return;
  const newest = work.state.versions.get(task.agent)?.at(-1);
  if (newest?.version === task.version) trust(work, result.figures);
}

function trust(work: Work, figures: readonly Figure[]): void {
  const brier = figures.find((figure) => figure.name === 'brier');
  if (brier && brier.count > 0) work.state.trust = trustOf(brier.value);
}
