import type { FailureClass, Sample } from '@redqueen/contract';
import type { Environment, Task } from '@redqueen/core';

/** How an answer ended: as the sampler says, or malformed where it stopped but its environment cannot read it as actions. */
export function failureClassOf(environment: Environment, task: Task, sample: Sample): FailureClass {
  if (sample.failure !== 'FAILURE_CLASS_OK') return sample.failure;
  return environment.actionsOf(task, sample.text) === undefined ? 'FAILURE_CLASS_MALFORMED' : 'FAILURE_CLASS_OK';
}
