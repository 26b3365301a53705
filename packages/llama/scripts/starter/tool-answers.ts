import { seedOf, type Task } from '@redqueen/core';
import { calculatorText, environmentByName, executorPrompt, readTask, requireFamily, stopText } from '@redqueen/environments';
import { rightAnswer } from '@redqueen/environments/truth';
import type { PolicyDevice } from '@redqueen/llama';

/** Calls that an answer may make. */
const mostCalls = 2;
/** Weights in the device are the model's own: version 0. */
const base = { agent: 'starter', version: 0 } as const;

/** An answer that may have called the calculator. */
export interface CalledAnswer {
  /** undefined where the model never stopped. */
  readonly answer: string | undefined;
  /** Calls that gave a value. */
  readonly calls: number;
}

interface Draft {
  /** Prompt and all that was said so far. */
  readonly text: string;
  readonly calls: number;
  /** Whether a call has just been answered. */
  readonly open: boolean;
  readonly answer: string | undefined;
}

/** What the calculator says. Expressions that no task has count as failed, which is a little stricter than the calculator of a run. */
function calculated(code: string): string {
  const task = readTask(code);
  return task?.environment === 'arithmetic' ? rightAnswer(task) : calculatorText.failed;
}

/** What became of a draft once the model said `said`. */
function advanced(draft: Draft, said: string, stopped: boolean): Draft {
  if (!stopped) return { ...draft, open: false, answer: undefined };
  if (!said.endsWith(calculatorText.close)) return { ...draft, open: false, answer: said };
  const value = calculated(said.slice(said.lastIndexOf(calculatorText.open) + 1, -1));
  const worked = value === calculatorText.failed ? 0 : 1;
  return { text: draft.text + said + calculatorText.result(value), calls: draft.calls + worked, open: true, answer: undefined };
}

/** Tokens that a turn may have: room for a call of the whole task. */
function budgetOf(task: Task): number {
  const { maxCanonical, maxAnswer } = requireFamily(environmentByName(task.environment), task.family);
  return Math.max(maxAnswer, maxCanonical + calculatorText.overhead);
}

/** `samples` answers to each task of one family, in which calls are answered as a run would answer them. */
async function answerFamily(device: PolicyDevice, tasks: readonly Task[], samples: number, temperature: number): Promise<Draft[][]> {
  const maxTokens = tasks[0] === undefined ? 0 : budgetOf(tasks[0]);
  const ask = async (prompts: readonly { text: string; samples: number }[], round: number) =>
    device.generate({
      ...base,
      maxTokens,
      temperature,
      stop: stopText,
      alsoStop: [calculatorText.close],
      prompts: prompts.map((prompt, place) => ({ ...prompt, seed: seedOf('exam', round, place) })),
    });
  const first = tasks.map((task) => ({ text: executorPrompt(task), calls: 0, open: true, answer: undefined }));
  const groups = await ask(
    first.map(({ text }) => ({ text, samples })),
    0,
  );
  const drafts = first.map((draft, place) => (groups[place]?.samples ?? []).map(({ text, stopped }) => advanced(draft, text, stopped)));
  for (let round = 1; round <= mostCalls; round++) {
    const open = drafts.flatMap((row, task) => row.flatMap((draft, sample) => (draft.open ? [{ draft, task, sample }] : [])));
    if (open.length === 0) break;
    const answers = await ask(
      open.map(({ draft }) => ({ text: draft.text, samples: 1 })),
      round,
    );
    for (const [place, { draft, task, sample }] of open.entries()) {
      const { text = '', stopped = false } = answers[place]?.samples[0] ?? {};
      (drafts[task] as Draft[])[sample] = advanced(draft, text, stopped);
    }
  }
  return drafts;
}

/** Answers to the tasks, in order, by a model that may call the calculator. */
export async function answerWithCalculator(
  device: PolicyDevice,
  tasks: readonly Task[],
  samples: number,
  temperature: number,
): Promise<readonly (readonly CalledAnswer[])[]> {
  const answers: (readonly CalledAnswer[])[] = tasks.map(() => []);
  for (const family of new Set(tasks.map((task) => task.family))) {
    const places = tasks.flatMap((task, place) => (task.family === family ? [place] : []));
    const drafts = await answerFamily(
      device,
      places.map((place) => tasks[place] as Task),
      samples,
      temperature,
    );
    for (const [index, place] of places.entries()) answers[place] = drafts[index] ?? [];
  }
  return answers;
}
