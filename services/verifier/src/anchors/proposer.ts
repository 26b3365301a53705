import type { AnchorAttempts, AnchorItem } from '@redqueen/contract';
import type { Task } from '@redqueen/core';
import { readTask } from '@redqueen/environments';
import { armResults, passFigures, type Measured, type Scored } from './result.ts';

/** The tasks of the item's slot that its proposals are; undefined for one that is none. Held-out tasks count: here nothing is trained on them. */
function proposedTasks({ spec, answers, failures }: AnchorItem): (Task | undefined)[] {
  return answers.map((answer, index) => {
    const task = failures[index] === 'FAILURE_CLASS_OK' ? readTask(answer) : undefined;
    const fits = task?.environment === spec?.environment && task?.family === spec?.family && task?.level === spec?.level;
    return fits ? task : undefined;
  });
}

/** Proposer: the share of proposals that are tasks of their slot, and the share of distinct ones among those. Passed: each proposal. */
export function measureProposer({ items }: AnchorAttempts): Measured {
  const tasks = items.flatMap(proposedTasks);
  const valid = tasks.filter((task) => task !== undefined);
  const distinct = new Set(valid.map(({ environment, canonical }) => `${environment} ${canonical}`)).size;
  const scored: Scored[] = items.flatMap((item) => {
    const { environment = '', family = '', level = 0 } = item.spec ?? {};
    return proposedTasks(item).map((task) => ({ environment, family, level, passed: task !== undefined }));
  });
  return {
    figures: [
      ...passFigures('valid', scored),
      ...(valid.length > 0 ? [{ name: 'distinct', value: distinct / valid.length, count: valid.length }] : []),
    ],
    passed: scored.map(({ passed }) => passed),
    arms: armResults(scored),
    anchors: items.map(({ prompt, answers }) => ({ prompt, proposals: answers.length })),
  };
}
