import type { SampleGroup } from '@redqueen/contract';
import { RedQueenError, type PolicyClient } from '@redqueen/core';
import { stopText } from '@redqueen/environments';

/**
 * The same answers after the prompt that training sees, with the log-probabilities that the version which sampled them gives them there: importance ratios
 * are then those of the prompt that is trained on. An answer that ended keeps its stop byte. Throws like PolicyClient.score.
 */
export async function underTrainingPrompt(
  seen: SampleGroup,
  text: string,
  run: string,
  policy: PolicyClient,
  signal?: AbortSignal,
): Promise<SampleGroup> {
  const continuations = seen.samples.map((sample) =>
    sample.failure === 'FAILURE_CLASS_TRUNCATED' ? sample.text : `${sample.text}${stopText}`,
  );
  const { agent, version } = seen.policy ?? { agent: '', version: 0 };
  const [scored] = await policy.score({ run, agent, version, prompts: [{ text, continuations }] }, signal);
  if (scored?.samples.length !== seen.samples.length) {
    throw new RedQueenError(
      'data_loss',
      `prompt ${text}: the policy service scored ${scored?.samples.length ?? 0} of ${seen.samples.length} answers`,
    );
  }
  const samples = seen.samples.map((sample, index) => {
    const { tokens = [], logProbs = [] } = scored.samples[index] ?? {};
    return { ...sample, tokens, logProbs };
  });
  return { ...seen, prompt: scored.prompt, promptTokens: scored.promptTokens, samples };
}
