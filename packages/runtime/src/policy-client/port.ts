import type { GenerateRequestInput, GenerateResponse, ScoreRequestInput, ScoreResponse } from '@redqueen/contract';

export type { GenerateAsk, PolicyClient, PolicyTarget, PromptToContinue, PromptToScore, ScoreAsk } from '@redqueen/core';

/** The two RPCs of the policy service that roles ask; a typed client of PolicyService is one. */
export interface PolicyRpc {
  Generate(request: GenerateRequestInput): Promise<GenerateResponse>;
  Score(request: ScoreRequestInput): Promise<ScoreResponse>;
}
