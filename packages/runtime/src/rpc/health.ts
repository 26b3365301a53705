import { Client, credentials } from '@grpc/grpc-js';
import { service } from 'grpc-health-check';
import { deadlineIn } from './deadline.ts';

/** Health of a service as another process sees it. */
export type HealthStatus = 'SERVING' | 'NOT_SERVING' | 'UNREACHABLE';

/** Asks one server for its health, again and again, over one connection. */
export interface HealthProbe {
  /** Never rejects: no answer within `timeoutMs` is UNREACHABLE. */
  check(timeoutMs: number): Promise<HealthStatus>;
  close(): void;
}

/** A probe of the server at host:port, by the standard health service (grpc.health.v1). */
export function healthProbe(address: string): HealthProbe {
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 500,
    'grpc.use_local_subchannel_pool': 1,
  });
  const method = service.Check;
  if (!method) throw new Error('grpc-health-check defines no Check method');
  return {
    check: (timeoutMs) =>
      new Promise((resolve) => {
        const deadline = deadlineIn(timeoutMs);
        client.makeUnaryRequest(
          method.path,
          method.requestSerialize,
          method.responseDeserialize,
          { service: '' },
          { deadline },
          (error, answer) => {
            if (error) resolve('UNREACHABLE');
            else resolve((answer as { status?: string } | undefined)?.status === 'SERVING' ? 'SERVING' : 'NOT_SERVING');
          },
        );
      }),
    close: () => client.close(),
  };
}
