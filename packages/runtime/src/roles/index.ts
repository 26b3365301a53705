// What the roles' actors have in common.
export { actorOf, addresses, agents } from './agents.ts';
export { anchorPurpose, requireAgent } from './anchors.ts';
export { noUseFor, requireAnchors, requireSamples, requireTemperature } from './checks.ts';
export { rewardsOf, type Earned, type Told } from './rewards.ts';
export { specOf, taskOf, type Origin } from './specs.ts';
