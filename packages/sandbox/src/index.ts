// Where code that a model wrote is run. A package of its own, because nothing in it is trusted.
export { defaultLimits, type Fault, type Limits, type Outcome } from './outcome.ts';
export { createSandbox, type Sandbox, type SandboxOptions } from './sandbox.ts';
