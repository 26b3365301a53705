import type { Batch } from '@redqueen/contract';
import { learningRateOf } from './schedule.ts';
import { freshPart } from './staleness.ts';
import { committedFiles, newestOf, type AgentState, type Files, type PolicyState, type RunPlan, type Version } from './state.ts';
import { isEnding, versionIsDue } from './training.ts';

/** Something that only the device can do. The state says what comes next; its outcome makes the next state. */
export type Action =
  /** Create the agent with fresh weights and store its files. */
  | { readonly kind: 'create'; readonly agent: string }
  /** Load an earlier version's files, to serve and to train on. */
  | { readonly kind: 'reinstate'; readonly agent: string; readonly version: Version; readonly files: Files }
  /** Put the training state back to these files. */
  | { readonly kind: 'rewind'; readonly agent: string; readonly files: Files }
  /** Store the weights in training and load them as that version. */
  | { readonly kind: 'publish'; readonly agent: string; readonly version: number }
  /** One optimizer update on what of the first waiting batch is not too stale. */
  | { readonly kind: 'train'; readonly agent: string; readonly batch: Batch; readonly stale: number; readonly learningRate: number };

/** What is to be done next, or undefined when everything waits for messages. A function of the state alone. */
export function nextAction(plan: RunPlan, state: PolicyState): Action | undefined {
  for (const agent of state.agents) {
    const action = actionOf(plan, state, agent);
    if (action) return action;
  }
  return undefined;
}

function actionOf(plan: RunPlan, state: PolicyState, agent: AgentState): Action | undefined {
  const name = agent.agent;
  if (agent.phase === 'creating') return { kind: 'create', agent: name };
  const newest = newestOf(agent);
  if (newest.status === 'reinstating' && newest.files) return { kind: 'reinstate', agent: name, version: newest, files: newest.files };
  const files = committedFiles(agent);
  if (agent.rewind && files) return { kind: 'rewind', agent: name, files };
  if (agent.phase !== 'training') return undefined;
  if (versionIsDue(plan, state, agent)) return { kind: 'publish', agent: name, version: agent.versions.length };
  const [batch] = agent.pending;
  if (!batch || isEnding(plan, state, agent)) return undefined;
  return {
    kind: 'train',
    agent: name,
    ...freshPart(agent, batch, plan.recipe.maxStaleness),
    learningRate: learningRateOf(plan, state, agent),
  };
}

/** The training state is back at the committed files. */
export function rewound(state: PolicyState, name: string): PolicyState {
  return { ...state, agents: state.agents.map((agent) => (agent.agent === name ? { ...agent, rewind: false } : agent)) };
}
