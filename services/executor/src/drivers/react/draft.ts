import type { FailureClass, Sample } from '@redqueen/contract';
import { RedQueenError } from '@redqueen/core';
import { calculatorText } from '@redqueen/environments';

/** An attempt while it is being made: tokens, and which of them a tool gave. */
export interface Draft {
  readonly tokens: readonly number[];
  readonly logProbs: readonly number[];
  readonly given: readonly boolean[];
  /** What the policy said in its last turn. */
  readonly said: string;
  /** How that turn ended. */
  readonly failure: FailureClass;
  /** Calls that gave a result. */
  readonly calls: number;
}

/** The draft of an attempt's first turn. */
export function firstDraft({ tokens, logProbs, text, failure }: Sample): Draft {
  return { tokens, logProbs, given: tokens.map(() => false), said: text, failure, calls: 0 };
}

/** The program of the call that the last turn ended with; undefined where it ended otherwise. */
export function callOf({ said, failure }: Draft): string | undefined {
  if (failure !== 'FAILURE_CLASS_OK' || !said.endsWith(calculatorText.close)) return undefined;
  return said.slice(said.lastIndexOf(calculatorText.open) + 1, -calculatorText.close.length);
}

/** A value as the policy is told it: one word of few signs, none of which could be taken for a call; undefined for a value that cannot be told. */
export function toldValue(value: string): string | undefined {
  return /^[-+.\w]{1,12}$/.test(value) ? value : undefined;
}

/** The draft after another turn. `prompt` is what that turn went on from: the tokens so far and those of the tool's answer, which are given. */
export function continuedDraft(draft: Draft, start: number, prompt: readonly number[], turn: Sample, worked: boolean): Draft {
  const told = prompt.slice(start + draft.tokens.length);
  if (told.length === 0) throw new RedQueenError('data_loss', 'the policy service went on without the answer of the tool');
  return {
    tokens: [...draft.tokens, ...told, ...turn.tokens],
    logProbs: [...draft.logProbs, ...told.map(() => 0), ...turn.logProbs],
    given: [...draft.given, ...told.map(() => true), ...turn.tokens.map(() => false)],
    said: turn.text,
    failure: turn.failure,
    calls: draft.calls + (worked ? 1 : 0),
  };
}

/** The finished attempt: the text is what was said last, the answer. A call that nobody answers any more leaves it truncated. */
export function sampleOfDraft(draft: Draft): Sample {
  const open = callOf(draft) !== undefined;
  return {
    tokens: [...draft.tokens],
    logProbs: [...draft.logProbs],
    given: draft.given.includes(true) ? [...draft.given] : [],
    text: draft.said,
    failure: open ? 'FAILURE_CLASS_TRUNCATED' : draft.failure,
    toolCalls: draft.calls,
  };
}
