import type { ServiceDefinition } from '@grpc/grpc-js';
import { packageDefinition } from '@redqueen/contract';

/** The wire definition of the service that is asked. */
export function curriculumDefinition(): ServiceDefinition {
  return packageDefinition()['redqueen.v1.CurriculumService'] as unknown as ServiceDefinition;
}
