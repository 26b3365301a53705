import type {
  AskResponse,
  ClusterResponse,
  DeadLetter,
  DescribeRunResponse,
  DownloadAdapterResponse,
  EpisodeSummary,
  ExplainResponse,
  GetDeadLetterResponse,
  KnobState,
  PolicyVersion,
  RetryDeadLetterResponse,
  Run,
  SubmitTaskResponse,
  WatchRunResponse,
} from '@redqueen/contract';
import { RedQueenError, type Recipe, type RunReport } from '@redqueen/core';
import {
  callStream,
  callUnary,
  type CallOptions,
  type Connection,
  type GatewayMethod,
  type MethodInput,
  type MethodResponse,
} from './call.ts';
import { openConnection } from './connection.ts';
import { runInfo, type RunInfo } from './run.ts';

/** Deadlines in milliseconds of calls that set none of their own. */
const timeouts = { quick: 15_000, slow: 60_000, wholeRun: 600_000 };

/** What to run. */
export interface StartOptions {
  /** A recipe in config/recipes, or a path on the gateway's machine; "default" when both are left out. */
  readonly recipe?: string;
  /** A recipe of one's own as YAML. */
  readonly recipeYaml?: string;
  readonly seed?: number;
  /** Executor updates. */
  readonly updates?: number;
  /** JSON merge patch on the recipe, or a list of them to apply in order. */
  readonly patch?: unknown;
  /** Id to give the run; a fresh one when left out. */
  readonly run?: string;
}

/** A run's progress, about once a second. */
export interface Progress extends Omit<WatchRunResponse, 'run'> {
  readonly run: RunInfo;
}

/** What to ask an agent. */
export interface AskOptions {
  readonly run: string;
  /** e.g. "executor/0". */
  readonly agent: string;
  /** Exactly as the agent's role reads it, e.g. "37+45="; left out where messages are given. */
  readonly prompt?: string;
  /** A conversation instead of a prompt, rendered by the model's own chat template. */
  readonly messages?: readonly ChatMessage[];
  /** The released version when left out. */
  readonly version?: number;
  /** 0, greedy, when left out. */
  readonly temperature?: number;
  readonly samples?: number;
  readonly maxTokens?: number;
  readonly seed?: number;
  /** Texts of any length: an answer ends before the first of them. */
  readonly stopTexts?: readonly string[];
  /** A JSON Schema that the answers fulfil. Keywords that cannot be enforced are refused. */
  readonly schema?: object | boolean;
  /** A grammar in llama.cpp's GBNF that the answers follow, instead of a schema. */
  readonly grammar?: string;
}

/** One turn of a conversation. */
export interface ChatMessage {
  /** "system", "user" or "assistant", or what else the model's chat template knows. */
  readonly role: string;
  readonly content: string;
}

/** A task of one's own. */
export interface TaskOptions {
  readonly run: string;
  readonly environment: string;
  /** e.g. "37+45". */
  readonly canonical: string;
  readonly attempts?: number;
  readonly temperature?: number;
  readonly seed?: number;
}

/** A version of an agent. */
export interface VersionChoice {
  readonly run: string;
  readonly agent: string;
  readonly version: number;
  /** Why, for the record. */
  readonly reason?: string;
}

/** A knob and the value that it is to have. */
export interface KnobChoice {
  readonly run: string;
  readonly name: string;
  readonly value: number;
  /** Why, for the record. */
  readonly reason?: string;
}

/** What a run stores: bytes by kind, and the files of its folder. */
export type RunStorageInfo = Omit<DescribeRunResponse, 'run'> & { readonly run: RunInfo };

/** Runs: start, stop, resume, list, get, watch, and what is kept of them. */
export interface Runs {
  /** Throws `not_found` for an unknown recipe, `invalid_argument` for an unknown key or a model that is no GGUF. */
  start(options?: StartOptions, call?: CallOptions): Promise<RunInfo>;
  /** Stops in order; the run can be resumed. */
  stop(run: string, call?: CallOptions): Promise<RunInfo>;
  resume(run: string, call?: CallOptions): Promise<RunInfo>;
  /** Newest first. */
  list(call?: CallOptions): Promise<RunInfo[]>;
  get(run: string, call?: CallOptions): Promise<RunInfo>;
  /** What the run stores, and where. */
  describe(run: string, call?: CallOptions): Promise<RunStorageInfo>;
  /** The run as one file, in pieces: everything that another cluster needs to look at it, and to resume it. Throws `failed_precondition` while it is under way. */
  archive(run: string, call?: CallOptions): AsyncIterable<Uint8Array>;
  /** Brings back a run from the pieces of its archive, of whatever length. Throws `already_exists`, and `data_loss` where the archive is damaged; then nothing of it stays. */
  import(archive: AsyncIterable<Uint8Array>, call?: CallOptions): Promise<RunInfo>;
  /** Removes a run with everything that no other run needs, for good. Throws `failed_precondition` while it is under way. */
  remove(run: string, call?: CallOptions): Promise<void>;
  /** Progress until the run ends; the last one says how it ended. */
  watch(run: string, call?: CallOptions): AsyncIterable<Progress>;
}

/** The client of a Red Queen cluster. Every method rejects with a RedQueenError whose message says what to do. */
export interface RedQueen extends Disposable {
  readonly address: string;
  readonly runs: Runs;
  /** A recipe as it would be run; nothing is started. */
  recipe(
    options?: Pick<StartOptions, 'recipe' | 'recipeYaml' | 'patch'>,
    call?: CallOptions,
  ): Promise<{ readonly recipe: Recipe; readonly known: readonly string[] }>;
  /** Asks an agent's policy to continue a text, or to answer in a conversation. */
  ask(options: AskOptions, call?: CallOptions): Promise<AskResponse>;
  /** A task that is attempted and judged, never trained on. */
  submitTask(options: TaskOptions, call?: CallOptions): Promise<SubmitTaskResponse>;
  /** The lineage of an agent, or of all. */
  versions(run: string, agent?: string, call?: CallOptions): Promise<PolicyVersion[]>;
  /** Makes an archived version the agent's policy, as a new version. */
  promote(choice: VersionChoice, call?: CallOptions): Promise<PolicyVersion>;
  /** Goes back to an earlier version; training goes on from there. */
  rollback(choice: VersionChoice, call?: CallOptions): Promise<PolicyVersion>;
  /** The declared knobs of a run with their values: settings that may change while it goes on. */
  knobs(run: string, call?: CallOptions): Promise<KnobState[]>;
  /** Gives a knob a new value. Throws `invalid_argument` naming the known knobs, or the range. */
  turnKnob(choice: KnobChoice, call?: CallOptions): Promise<KnobState>;
  /** The adapter as a GGUF LoRA file; the released version when left out. */
  downloadAdapter(run: string, agent: string, version?: number, call?: CallOptions): Promise<DownloadAdapterResponse>;
  /** Every message of an episode and its settlement: where its rewards came from. */
  explain(run: string, episode: string, call?: CallOptions): Promise<ExplainResponse>;
  /** The newest ended episodes, newest first. */
  episodes(run: string, limit?: number, call?: CallOptions): Promise<EpisodeSummary[]>;
  /** Everything measured so far. Of a run that is over it is what was written at its end; with `replay` its stream is read again. */
  report(run: string, call?: CallOptions & { readonly replay?: boolean }): Promise<RunReport>;
  /** Messages that could not be handled, of one run or of all. */
  deadLetters(run?: string, call?: CallOptions): Promise<DeadLetter[]>;
  /** A dead letter with its whole message, absent where that cannot be read. Throws `not_found`. */
  deadLetter(id: string, call?: CallOptions): Promise<GetDeadLetterResponse>;
  /** Tells the actor the message once more; what it told before it failed is not told again. Throws `failed_precondition` where that cannot help. */
  retryDeadLetter(id: string, call?: CallOptions): Promise<RetryDeadLetterResponse>;
  /** Takes a dead letter off the list; its message stays unhandled. Throws `not_found`. */
  dropDeadLetter(id: string, call?: CallOptions): Promise<void>;
  cluster(call?: CallOptions): Promise<ClusterResponse>;
  /** Closes the connection. */
  close(): void;
}

function present<Value>(value: Value | null | undefined, what: string): Value {
  if (value === null || value === undefined) throw new RedQueenError('internal', `the gateway's answer holds no ${what}`);
  return value;
}

function asRun({ run }: { readonly run: Run | null }): RunInfo {
  return runInfo(present(run, 'run'));
}

type Invoke = <M extends GatewayMethod>(
  method: M,
  request: MethodInput<M>,
  call?: CallOptions,
  timeoutMs?: number,
) => Promise<MethodResponse<M>>;

/** Bytes of one request; a gateway takes 16 MiB. */
const pieceBytes = 1024 * 1024;

function patchText(patch: unknown): string {
  return patch === undefined ? '' : JSON.stringify(patch);
}

/** Every piece as one request; the gateway brings the run back once it has the last one. */
async function importRun(invoke: Invoke, archive: AsyncIterable<Uint8Array>, call: CallOptions | undefined): Promise<RunInfo> {
  const upload = crypto.randomUUID();
  let offset = 0;
  for await (const piece of archive) {
    for (let at = 0; at < piece.length; at += pieceBytes) {
      const data = Buffer.from(piece.subarray(at, at + pieceBytes));
      await invoke('ImportRun', { upload, offset, data, last: false }, call, timeouts.slow);
      offset += data.length;
    }
  }
  return asRun(await invoke('ImportRun', { upload, offset, data: Buffer.alloc(0), last: true }, call, timeouts.wholeRun));
}

function runsOf(connection: Connection, invoke: Invoke): Runs {
  return {
    start: async ({ patch, ...options } = {}, call) =>
      asRun(await invoke('StartRun', { ...options, patchJson: patchText(patch) }, call, timeouts.slow)),
    stop: async (run, call) => asRun(await invoke('StopRun', { run }, call)),
    resume: async (run, call) => asRun(await invoke('ResumeRun', { run }, call)),
    list: async (call) => (await invoke('ListRuns', {}, call, timeouts.slow)).runs.map(runInfo),
    get: async (run, call) => asRun(await invoke('GetRun', { run }, call)),
    describe: async (run, call) => {
      const answer = await invoke('DescribeRun', { run }, call, timeouts.slow);
      return { ...answer, run: asRun(answer) };
    },
    async *archive(run, call = {}) {
      for await (const { data } of callStream(connection, 'ArchiveRun', { run }, call)) yield data;
    },
    import: (archive, call) => importRun(invoke, archive, call),
    remove: async (run, call) => void (await invoke('RemoveRun', { run }, call, timeouts.wholeRun)),
    async *watch(run, call = {}) {
      for await (const progress of callStream(connection, 'WatchRun', { run }, call)) yield { ...progress, run: asRun(progress) };
    },
  };
}

/** Connects to a gateway at host:port. Nothing is sent before the first call. Throws `invalid_argument` where the address is none. */
export function connect(address: string): RedQueen {
  const connection = openConnection(address);
  const invoke: Invoke = (method, request, call, timeoutMs = timeouts.quick) =>
    callUnary(connection, method, request, { timeoutMs, ...call });
  const close = (): void => connection.client.close();
  return {
    address,
    runs: runsOf(connection, invoke),
    recipe: async ({ patch, ...options } = {}, call) => {
      const answer = await invoke('ResolveRecipe', { ...options, patchJson: patchText(patch) }, call);
      return { recipe: JSON.parse(answer.recipeJson) as Recipe, known: answer.recipes };
    },
    ask: ({ schema, messages = [], stopTexts = [], ...options }, call) => {
      const request = {
        ...options,
        messages: [...messages],
        stopTexts: [...stopTexts],
        schema: schema === undefined ? '' : JSON.stringify(schema),
      };
      return invoke('Ask', request, call, timeouts.slow);
    },
    submitTask: (options, call) => invoke('SubmitTask', options, call, timeouts.slow),
    versions: async (run, agent = '', call = undefined) => (await invoke('ListVersions', { run, agent }, call)).versions,
    promote: async (choice, call) => present((await invoke('PromoteVersion', choice, call, timeouts.slow)).version, 'version'),
    rollback: async (choice, call) => present((await invoke('RollbackVersion', choice, call, timeouts.slow)).version, 'version'),
    knobs: async (run, call) => (await invoke('ListKnobs', { run }, call)).knobs,
    turnKnob: async (choice, call) => present((await invoke('TurnKnob', choice, call)).knob, 'knob'),
    downloadAdapter: (run, agent, version, call) =>
      invoke('DownloadAdapter', { run, agent, ...(version === undefined ? {} : { version }) }, call, timeouts.slow),
    explain: async (run, episodeId, call) =>
      present((await invoke('ExplainEpisode', { run, episodeId }, call, timeouts.slow)).explanation, 'explanation'),
    episodes: async (run, limit = 0, call = undefined) => (await invoke('ListEpisodes', { run, limit }, call)).episodes,
    report: async (run, call) =>
      JSON.parse((await invoke('Report', { run, replay: call?.replay ?? false }, call, timeouts.slow)).json) as RunReport,
    deadLetters: async (run = '', call = undefined) => (await invoke('ListDeadLetters', { run }, call)).letters,
    deadLetter: (id, call) => invoke('GetDeadLetter', { id }, call, timeouts.slow),
    retryDeadLetter: (id, call) => invoke('RetryDeadLetter', { id }, call, timeouts.slow),
    dropDeadLetter: async (id, call) => void (await invoke('DropDeadLetter', { id }, call)),
    cluster: (call) => invoke('Cluster', {}, call),
    close,
    [Symbol.dispose]: close,
  };
}
