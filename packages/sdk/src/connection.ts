import { Client, credentials } from '@grpc/grpc-js';
import { RedQueenError } from '@redqueen/core';
import type { Connection, GatewayMethod } from './call.ts';

/** Calls that may be made twice without harm. The others are made once: a lost answer does not say whether they were done. */
const repeatable = [
  'StopRun',
  'ResumeRun',
  'ResolveRecipe',
  'ListRuns',
  'GetRun',
  'Report',
  'Ask',
  'SubmitTask',
  'ListVersions',
  'DownloadAdapter',
  'ExplainEpisode',
  'ListEpisodes',
  'ListDeadLetters',
  'GetDeadLetter',
  'DescribeRun',
  'Cluster',
] as const satisfies readonly GatewayMethod[];

/** Where nobody answers, repeatable calls are made again, at most three times. */
const serviceConfig = {
  methodConfig: [
    {
      name: repeatable.map((method) => ({ service: 'redqueen.v1.GatewayService', method })),
      retryPolicy: {
        maxAttempts: 4,
        initialBackoff: '0.1s',
        maxBackoff: '1s',
        backoffMultiplier: 2,
        retryableStatusCodes: ['UNAVAILABLE'],
      },
    },
  ],
};

/** A connection to a gateway at host:port; made at the first call and again when it was lost. Throws `invalid_argument` where the address is none. */
export function openConnection(address: string): Connection {
  if (!/^[^\s/]+:\d+$/.test(address)) {
    throw new RedQueenError('invalid_argument', `gateway address ${JSON.stringify(address)} must be host:port, e.g. 127.0.0.1:7108`);
  }
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.service_config': JSON.stringify(serviceConfig),
    // Adapters of large models pass through here.
    'grpc.max_receive_message_length': -1,
    'grpc.keepalive_time_ms': 30_000,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 500,
  });
  return { client, address, repeatable: new Set(repeatable), reached: false };
}
