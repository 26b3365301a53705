import { environmentByName } from '@redqueen/environments';
import { RedQueenError } from '@redqueen/core';
import type { Handlers } from '@redqueen/runtime';
import type { Gateway } from '../gateway.ts';

type AgentHandlers = Pick<
  Handlers<'GatewayService'>,
  'Ask' | 'SubmitTask' | 'ListVersions' | 'PromoteVersion' | 'RollbackVersion' | 'DownloadAdapter'
>;
type TaskRequest = Parameters<AgentHandlers['SubmitTask']>[0];

const defaultMaxTokens = 16;

/** The version as the policy service wants it: left out for the released one. */
function versionOf(version: number | undefined): { version?: number } {
  return version === undefined ? {} : { version };
}

/** The task that a canonical form names. Throws `invalid_argument`, `not_found` for an unknown environment. */
function taskOf({ environment, canonical }: TaskRequest) {
  const task = environmentByName(environment).parse(canonical);
  if (task) return { ...task, origin: 'user' };
  throw new RedQueenError(
    'invalid_argument',
    `canonical ${JSON.stringify(canonical)} is no task of ${environment}; e.g. "37+45" is one of arithmetic`,
  );
}

/** RPCs that speak with agents and about their versions. */
export function agentHandlers({ context, records }: Gateway): AgentHandlers {
  return {
    Ask: async ({ run, agent, prompt, version, temperature, samples, maxTokens, seed }, call) => {
      await records.get(run);
      const prompts = [{ text: prompt, samples: samples || 1, seed }];
      const request = { run, agent, ...versionOf(version), prompts, maxTokens: maxTokens || defaultMaxTokens, temperature };
      const { groups } = await context.connect('policy').Generate(request, { signal: call.signal });
      return { group: groups[0] ?? null };
    },
    SubmitTask: async (request, call) => {
      const { run, attempts, temperature, seed } = request;
      await records.get(run);
      const spec = taskOf(request);
      const { group } = await context
        .connect('executor')
        .Attempt({ run, spec, attempts: attempts || 1, temperature, seed }, { signal: call.signal });
      const answers = group?.samples.map(({ text }) => text) ?? [];
      const { verdicts } = await context.connect('verifier').Judge({ run, spec, answers }, { signal: call.signal });
      return { spec, group, verdicts };
    },
    ListVersions: async ({ run, agent }, call) => context.connect('policy').Versions({ run, agent }, { signal: call.signal }),
    PromoteVersion: async (request) => context.connect('policy').Promote(request),
    RollbackVersion: async (request) => context.connect('policy').Rollback(request),
    DownloadAdapter: async ({ run, agent, version }, call) =>
      context.connect('policy').ExportAdapter({ run, agent, ...versionOf(version) }, { signal: call.signal }),
  };
}
