import type { Batch, BatchInput } from '@redqueen/contract';
import { decodeMessage, encodeMessage } from '@redqueen/contract';
import type { OptimizerSettings } from '@redqueen/core';
import { optimizers, type TrainRequest } from './index.ts';

/** A batch as it comes off the wire: one group of two-token samples with these advantages. */
export function batchOf(advantages: readonly number[], changes: BatchInput = {}): Batch {
  const samples = advantages.map((advantage) => ({ tokens: [5, 10], oldLogProbs: [-0.25, -0.5], advantages: [advantage, advantage] }));
  const groups = [{ episodeId: 'e', promptTokens: [256, 1], samples, version: 0 }];
  const policy = { role: 'policy', key: '0' };
  const body = { agent: 'executor/0', number: 3, groups, normaliser: 8, ...changes };
  const message = decodeMessage(
    encodeMessage({ id: 'b', run: 'r', from: policy, to: policy, cause: '', traceparent: '', kind: 'batch', body }),
  );
  if (message.kind !== 'batch') throw new Error('no batch');
  return message.body;
}

/** What an optimizer of the registry makes of a batch. */
export function requestOf(
  name: string,
  batch: Batch,
  settings: OptimizerSettings,
  learningRate: number,
  options: object = {},
): TrainRequest {
  return optimizers.create({ use: name, options: { ...options } }, {}).request(batch, settings, learningRate) as TrainRequest;
}
