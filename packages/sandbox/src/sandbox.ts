import { RedQueenError, type Clock } from '@redqueen/core';
import { defaultLimits, type Limits, type Outcome } from './outcome.ts';
import { SandboxProcess } from './process.ts';

/** How a sandbox works. */
export interface SandboxOptions {
  /** For the time after which a process that does not answer is killed. */
  readonly clock: Clock;
  readonly limits?: Partial<Limits>;
}

/** A place where programs written by models are run. */
export interface Sandbox {
  /**
   * The value of the program's last expression, or why there is none. Programs share nothing and see nothing; equal programs have equal outcomes.
   * Throws `unavailable` where the process that runs them cannot be started.
   */
  run(code: string): Promise<Outcome>;
  /** Processes that died or had to be killed so far. */
  readonly restarts: number;
  /** Process id of the process; undefined while there is none. */
  readonly pid: number | undefined;
  /** Ends the process. A call after it starts another one. */
  close(): Promise<void>;
}

/** Programs that are sent at once. */
const mostTogether = 64;
/** Outcomes that are remembered: attempts at one task mostly make the same call. */
const mostRemembered = 4096;

interface Waiting {
  readonly code: string;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (reason: unknown) => void;
}

class ProcessSandbox implements Sandbox {
  readonly #clock: Clock;
  readonly #limits: Limits;
  readonly #remembered = new Map<string, Outcome>();
  #process: SandboxProcess | undefined;
  #waiting: Waiting[] = [];
  #working: Promise<void> | undefined;
  restarts = 0;

  constructor({ clock, limits }: SandboxOptions) {
    this.#clock = clock;
    this.#limits = { ...defaultLimits, ...limits };
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  run(code: string): Promise<Outcome> {
    const known = this.#remembered.get(code);
    if (known) return Promise.resolve(known);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ code, resolve, reject });
      // Calls of the same moment leave together.
      this.#working ??= Promise.resolve().then(() => this.#work());
    });
  }

  async close(): Promise<void> {
    await this.#working;
    await this.#process?.kill();
    this.#process = undefined;
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const taken = this.#waiting.splice(0, mostTogether);
      try {
        const codes = [...new Set(taken.map(({ code }) => code))];
        const outcomes = await this.#outcomes(codes);
        for (const { code, resolve } of taken) resolve(outcomes.get(code) as Outcome);
      } catch (reason) {
        for (const { reject } of taken) reject(reason);
      }
    }
    // At once, and not when the promise has settled: a call that comes in between must begin anew.
    this.#working = undefined;
  }

  /** Runs programs together; where the process dies under them, each one alone, so that only the one that did it has no value. */
  async #outcomes(codes: readonly string[]): Promise<Map<string, Outcome>> {
    const together = await this.#tried(codes);
    if (together) return new Map(codes.map((code, index) => [code, together[index] as Outcome]));
    const outcomes = new Map<string, Outcome>();
    for (const code of codes) {
      const [alone] = (await this.#tried([code])) ?? [];
      outcomes.set(code, alone ?? { ok: false, fault: 'killed', message: 'the process that ran it died under it' });
    }
    return outcomes;
  }

  /** One outcome a program; undefined where the process died. */
  async #tried(codes: readonly string[]): Promise<readonly Outcome[] | undefined> {
    const process = await this.#started();
    try {
      const outcomes = await process.run(codes, this.#limits);
      for (const [index, code] of codes.entries()) this.#remember(code, outcomes[index] as Outcome);
      return outcomes;
    } catch (reason) {
      if (RedQueenError.from(reason).code !== 'unavailable') throw reason;
      this.#process = undefined;
      this.restarts++;
      return undefined;
    }
  }

  async #started(): Promise<SandboxProcess> {
    if (this.#process?.pid !== undefined) return this.#process;
    if (this.#process) this.restarts++;
    const process = new SandboxProcess(this.#clock);
    await process.start();
    this.#process = process;
    return process;
  }

  #remember(code: string, outcome: Outcome): void {
    this.#remembered.set(code, outcome);
    if (this.#remembered.size > mostRemembered) this.#remembered.delete(this.#remembered.keys().next().value as string);
  }
}

/** A sandbox: QuickJS in WebAssembly inside a child process without rights, started at the first call and again whenever it dies. */
export function createSandbox(options: SandboxOptions): Sandbox {
  return new ProcessSandbox(options);
}
