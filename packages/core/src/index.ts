// For users of the runtime and writers of plug-ins.
export { RedQueenError, type ErrorCode } from './errors.ts';
export type { Clock, IdSource, Random } from './ports.ts';
export type { Check, Environment, Family, Split, StepResult, Task, Truth } from './environment.ts';
export { recipeSchema, type OptimizerSettings, type Recipe, type RoleSettings, type TrainedRole } from './recipe.ts';
