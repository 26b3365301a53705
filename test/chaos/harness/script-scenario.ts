import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ChaosFigure, ChaosOptions, Scenario } from './scenario.ts';

/** A script of the repository that prints its figures by itself. */
export interface Script {
  readonly id: string;
  readonly title: string;
  /** Path from test/, e.g. chaos/adapters/main.ts. It takes --seed N --json and prints one figure a line. */
  readonly path: string;
  /** More words, e.g. how large. */
  readonly words?: (options: ChaosOptions) => readonly string[];
}

function isFigure(value: unknown): value is ChaosFigure {
  const { id, verdict, target } = (value ?? {}) as Partial<ChaosFigure>;
  return typeof id === 'string' && typeof target === 'string' && (verdict === 'met' || verdict === 'missed');
}

function figureOf(line: string): ChaosFigure | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isFigure(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A scenario that is a program of its own: its JSON lines are passed on, everything else it says too. Throws where it ends without a figure. */
export function scriptScenario({ id, title, path, words }: Script): Scenario {
  return {
    id,
    title,
    async run(options) {
      const script = join(import.meta.dirname, '../..', path);
      const child = spawn(process.execPath, [script, '--seed', `${options.seed}`, '--json', ...(words?.(options) ?? [])], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const closed = once(child, 'close') as Promise<[number | null]>;
      const figures: ChaosFigure[] = [];
      try {
        for await (const line of createInterface({ input: child.stdout })) {
          const found = figureOf(line);
          if (found) figures.push(found);
          else options.say(line);
        }
      } finally {
        child.kill('SIGKILL');
      }
      const [code] = await closed;
      if (figures.length === 0) throw new Error(`${path} ended with ${code} and without a figure`);
      return figures;
    },
  };
}
