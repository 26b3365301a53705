import type { Address, ToldInput } from '@redqueen/contract';
import type { Bus, PublishResult } from '../bus/port.ts';

/**
 * Tells an actor something from outside of any actor, e.g. from an RPC. The id must be derived from what is asked
 * (run and request id), so that asking again tells nothing new.
 */
export async function tellFromOutside(bus: Bus, envelope: OutsideEnvelope, told: ToldInput): Promise<PublishResult> {
  await bus.openRun(envelope.run);
  return await bus.publish({ ...told, ...envelope, cause: '', traceparent: '' });
}

/** Who tells whom, under which id. */
export interface OutsideEnvelope {
  readonly run: string;
  readonly from: Address;
  readonly to: Address;
  readonly id: string;
}
