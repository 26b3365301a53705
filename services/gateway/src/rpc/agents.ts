import { environmentByName } from '@redqueen/environments';
import { RedQueenError, type ErrorCode } from '@redqueen/core';
import type { Handlers } from '@redqueen/runtime';
import { recordOf, type Gateway } from '../gateway.ts';
import { isLive } from '../runs/views.ts';

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

/** How long a run that has just started may take to reach the services that answer for it, and a service to come back to it after a restart. */
const attachPatienceMs = 15_000;
const attachPauseMs = 200;

/** What passes by itself once the service has the run: it does not know it yet, it is away, or it is still making it ready. */
const passing: ReadonlySet<ErrorCode> = new Set(['not_found', 'unavailable']);

/** Asks a service about a run; as long as a live run has not reached that service yet, asks again. Throws `not_found` for a run that nobody knows. */
async function askAbout<Answer>(gateway: Gateway, run: string, signal: AbortSignal, ask: () => Promise<Answer>): Promise<Answer> {
  const { clock } = gateway.context;
  const live = isLive(await recordOf(gateway, run));
  const until = clock.now() + attachPatienceMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!live || !passing.has(RedQueenError.from(error).code) || clock.now() > until) throw error;
      await clock.sleep(attachPauseMs, signal);
    }
  }
}

/** RPCs that speak with agents and about their versions. */
export function agentHandlers(gateway: Gateway): AgentHandlers {
  const policy = gateway.context.connect('policy');
  return {
    Ask: async ({ run, agent, prompt, messages, version, samples, seed, maxTokens, ...asked }, { signal }) => {
      const prompts = [{ text: prompt, messages, samples: samples || 1, seed }];
      const request = { run, agent, ...versionOf(version), prompts, maxTokens: maxTokens || defaultMaxTokens, ...asked };
      const { groups } = await askAbout(gateway, run, signal, () => policy.Generate(request, { signal }));
      return { group: groups[0] ?? null };
    },
    SubmitTask: async (request, { signal }) => submitTask(gateway, request, signal),
    ListVersions: (request, { signal }) => askAbout(gateway, request.run, signal, () => policy.Versions(request, { signal })),
    PromoteVersion: (request, { signal }) => askAbout(gateway, request.run, signal, () => policy.Promote(request, { signal })),
    RollbackVersion: (request, { signal }) => askAbout(gateway, request.run, signal, () => policy.Rollback(request, { signal })),
    DownloadAdapter: ({ run, agent, version }, { signal }) =>
      askAbout(gateway, run, signal, () => policy.ExportAdapter({ run, agent, ...versionOf(version) }, { signal })),
  };
}

async function submitTask(gateway: Gateway, request: TaskRequest, signal: AbortSignal) {
  const { connect } = gateway.context;
  const { run, attempts, temperature, seed } = request;
  const spec = taskOf(request);
  const attempt = () => connect('executor').Attempt({ run, spec, attempts: attempts || 1, temperature, seed }, { signal });
  const { group } = await askAbout(gateway, run, signal, attempt);
  const answers = group?.samples.map(({ text }) => text) ?? [];
  const judge = () => connect('verifier').Judge({ run, spec, answers }, { signal });
  const { verdicts } = await askAbout(gateway, run, signal, judge);
  return { spec, group, verdicts };
}
