import {
  messageType,
  type GenerateRequest,
  type GenerateRequestInput,
  type GenerateResponse,
  type GenerateResponseInput,
  type ScoreRequest,
  type ScoreRequestInput,
  type ScoreResponse,
  type ScoreResponseInput,
} from '@redqueen/contract';
import { RedQueenError, type Random } from '@redqueen/core';
import type { CallContext, PolicyRpc } from '@redqueen/runtime';
import type { SimulatedProcess } from '@redqueen/testkit';
import { generate, score } from '../../../services/policy/src/rpc/sampling.ts';
import type { RunPolicies } from '../../../services/policy/src/run-policies.ts';
import type { Runs } from '../../../services/policy/src/runs.ts';

/** Time after which a call without an answer fails. */
const deadlineMs = 8000;
const travelMs = 4;

const generateRequest = messageType<GenerateRequestInput, GenerateRequest>('GenerateRequest');
const generateResponse = messageType<GenerateResponseInput, GenerateResponse>('GenerateResponse');
const scoreRequest = messageType<ScoreRequestInput, ScoreRequest>('ScoreRequest');
const scoreResponse = messageType<ScoreResponseInput, ScoreResponse>('ScoreResponse');

/** The policy service that a call reaches now. */
export interface PolicyServer {
  readonly process: SimulatedProcess;
  readonly policies: RunPolicies;
}

/** The policy service's RPCs as a process calls them: the real handlers behind a simulated wire, on whatever policy service is there. */
export function policyRpc(caller: SimulatedProcess, server: () => PolicyServer | undefined, random: Random): PolicyRpc {
  const call = <Answer>(work: (runs: Runs, context: CallContext) => Promise<Answer>): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const { scheduler } = caller;
      const travel = (label: string, to: SimulatedProcess, arrive: () => void): void =>
        void scheduler.after(random.uniform() * travelMs, label, () => to.enter(arrive));
      const refuse = (): void => reject(new RedQueenError('unavailable', 'policy: connection refused'));
      const late = (): void => reject(new RedQueenError('deadline_exceeded', `policy: no answer within ${deadlineMs} ms`));
      const cancel = scheduler.after(deadlineMs, '', () => caller.enter(late));
      let answered = false;
      const answer = (outcome: () => void): void => {
        if (answered) return;
        answered = true;
        travel(`${caller.name} < answer of policy`, caller, () => {
          cancel();
          outcome();
        });
      };
      const target = server();
      if (!target) return answer(refuse);
      const { process, policies } = target;
      process.onKilled(() => answer(refuse));
      travel(`${caller.name} > ask ${process.name}`, process, () => {
        const runs = { of: () => policies, ready: () => Promise.resolve(policies) } as unknown as Runs;
        work(runs, { signal: new AbortController().signal, traceparent: '' }).then(
          (result) => answer(() => resolve(result)),
          (reason: unknown) => answer(() => reject(reason as Error)),
        );
      });
    });
  return {
    Generate: async (request) => {
      const received = generateRequest.deserialize(generateRequest.serialize(request));
      const response = await call((runs, context) => generate(runs, received, context));
      return generateResponse.deserialize(generateResponse.serialize(response));
    },
    Score: async (request) => {
      const received = scoreRequest.deserialize(scoreRequest.serialize(request));
      const response = await call((runs, context) => score(runs, received, context));
      return scoreResponse.deserialize(scoreResponse.serialize(response));
    },
  };
}
