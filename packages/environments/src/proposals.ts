import type { Task } from '@redqueen/core';
import { environmentByName, readTask, type ArmName } from './registry.ts';

/** Why a proposal is no task for its slot. */
export type ProposalFault = 'malformed' | 'wrong-slot' | 'held-out';

/** A proposal as read. */
export type ReadProposal = { readonly valid: true; readonly task: Task } | { readonly valid: false; readonly reason: ProposalFault };

/**
 * Reads a finished proposal (without its stop byte). A held-out task is called so before anything else is asked of it,
 * because such a proposal must earn nothing, good or bad; a task of another family or level is `wrong-slot`.
 */
export function readProposal(text: string, slot: ArmName): ReadProposal {
  const task = environmentByName(slot.environment).parse(text) ?? readTask(text);
  if (task === undefined) return { valid: false, reason: 'malformed' };
  if (environmentByName(task.environment).splitOf(task) !== 'train') return { valid: false, reason: 'held-out' };
  const fits = task.environment === slot.environment && task.family === slot.family && task.level === slot.level;
  return fits ? { valid: true, task } : { valid: false, reason: 'wrong-slot' };
}
