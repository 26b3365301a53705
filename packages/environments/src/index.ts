// The step side of the environments: everything that a role may know. Checkers and oracles are in "@redqueen/environments/truth".
export { anchorsHash, anchorSlots, anchorTasks, type AnchorPurpose, type SlotAnchor } from './anchors.ts';
export { generateIn, requireFamily } from './generating.ts';
export {
  calculatorText,
  executorPrompt,
  fieldAccuracy,
  readPrediction,
  stopText,
  verifierLabels,
  verifierPrompt,
  worldModelPrompt,
  type Prediction,
} from './prompts.ts';
export { environmentPlugins } from './plugins.ts';
export { readProposal, type ProposalFault, type ReadProposal } from './proposals.ts';
export { armsOf, environmentByName, environments, proposerPrompt, readTask, type ArmName, type Selection } from './registry.ts';
export { singleAnswer, type SingleAnswerState } from './single-answer.ts';
export { splitOfText } from './splits.ts';
export { anchorTransitions, randomStep, splitOfStep, type ExecutedStep } from './transitions.ts';
