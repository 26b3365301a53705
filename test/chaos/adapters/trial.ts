// Crafted and randomly broken adapter files against the real device: its validator, its canary and its process.
import { RedQueenError } from '@redqueen/core';
import { sha256, startDevice, validateAdapter, type AdapterExpectation, type DeviceHandle } from '@redqueen/llama';
import { sampleStream } from '../../../packages/llama/src/engine/sample-stream.ts';
import { maxRank } from '../../../packages/llama/src/engine/agent.ts';
import { adaptedMatrices } from '../../../packages/llama/src/model/parameter-layout.ts';
import { byteModel } from '../../../packages/llama/src/starter/model-file.ts';
import { craftedAdapters, craftedRank, soundAdapter, type CraftedAdapter } from '../../../packages/llama/src/testing/crafted-adapters.ts';
import { rawGguf, sectionsOf } from '../../../packages/llama/src/testing/raw-gguf.ts';
import { tinySize } from '../../../packages/llama/src/testing/tiny-model.ts';

const agent = 'trial:executor/0';

/** What became of the files. Every list that names files must be empty. */
export interface AdapterTrial {
  readonly bad: number;
  readonly fine: number;
  /** Bad files that were loaded. */
  readonly accepted: readonly string[];
  /** Good files that were not. */
  readonly refused: readonly string[];
  /** Files over which the device said something else than `invalid_argument`, `failed_precondition` or `data_loss`. */
  readonly untyped: readonly string[];
  readonly flips: number;
  /** Flipped files that their known hash did not give away. */
  readonly missedByHash: readonly string[];
  /** Flipped files with a hash of their own: turned down in TypeScript, by the canary, and served. */
  readonly flipsRefused: number;
  readonly flipsStopped: number;
  readonly flipsServed: number;
  /** Answers with a number that is not finite. */
  readonly notFinite: readonly string[];
  /** Files over which the device's process died. */
  readonly crashes: readonly string[];
}

/** The device with one agent on a tiny model, and what has been seen of it. */
class Subject {
  readonly untyped: string[] = [];
  readonly notFinite: string[] = [];
  readonly crashes: string[] = [];
  readonly device: DeviceHandle;
  #version = 0;

  constructor(device: DeviceHandle) {
    this.device = device;
  }

  /** Loads a file as a new version, lets it answer, and drops it. Answers whether it was served. */
  async try(name: string, bytes: Uint8Array): Promise<boolean> {
    const version = ++this.#version;
    try {
      await this.device.loadVersion(agent, version, bytes, sha256(bytes));
      await this.#answer(name, version);
      await this.device.dropVersion(agent, version);
      return true;
    } catch (reason) {
      const { code } = RedQueenError.from(reason);
      if (this.device.pid === undefined) await this.#revive(name);
      else if (!['invalid_argument', 'failed_precondition', 'data_loss'].includes(code)) this.untyped.push(name);
      return false;
    }
  }

  async #answer(name: string, version: number): Promise<void> {
    const prompts = [{ text: '37+45=', samples: 2, seed: version }];
    const scored = [{ text: 'rabc=', continuations: ['cba\n', '{"x":1}'] }];
    const groups = [
      ...(await this.device.generate({ agent, version, prompts, maxTokens: 4, temperature: 1, stop: '\n' })),
      ...(await this.device.score({ agent, version, prompts: scored })),
    ];
    const logProbs = groups.flatMap((group) => group.samples.flatMap((sample) => [...sample.logProbs]));
    if (!logProbs.every(Number.isFinite)) this.notFinite.push(name);
  }

  async #revive(name: string): Promise<void> {
    this.crashes.push(name);
    await this.device.restart();
    await this.begin();
  }

  begin(): Promise<void> {
    return this.device.createAgent(agent, { rank: craftedRank, alpha: 8, seed: 1 });
  }
}

/** One flipped bit: of the header, or of the whole file, by turns. */
function flippedFile(sound: Uint8Array, headerEnd: number, seed: number, index: number): Uint8Array {
  const uniform = sampleStream(seed, index);
  const bit = Math.floor(uniform() * 8 * (index % 2 === 0 ? headerEnd : sound.length));
  const bytes = Uint8Array.from(sound);
  bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
  return bytes;
}

function isRefused(bytes: Uint8Array, expectation: AdapterExpectation): RedQueenError | undefined {
  try {
    validateAdapter(bytes, expectation);
    return undefined;
  } catch (reason) {
    return RedQueenError.from(reason);
  }
}

/** The base that all files are for: the tiny model in `modelPath`. */
export async function trialBase(device: DeviceHandle): Promise<AdapterExpectation> {
  const { architecture, modelHash } = await device.report();
  return { architecture, baseHash: modelHash, matrices: adaptedMatrices(byteModel(tinySize)), maxRank, rank: craftedRank };
}

/**
 * Hands every crafted file and `flips` files with one random bit flipped to a device over the tiny model in `modelPath`. The crafted files are told
 * with their true hashes; a flipped file once with the hash of the sound one and, where the validator finds nothing, once with its own.
 */
export async function runAdapterTrial(options: {
  readonly modelPath: string;
  readonly seed: number;
  readonly flips: number;
}): Promise<AdapterTrial> {
  const device = await startDevice({ modelPath: options.modelPath, threads: 1 });
  try {
    const subject = new Subject(device);
    await subject.begin();
    const expectation = await trialBase(device);
    const crafted = await tryCrafted(subject, craftedAdapters(expectation));
    const flipped = await tryFlipped(subject, expectation, options);
    const { untyped, notFinite, crashes } = subject;
    return { ...crafted, ...flipped, untyped, notFinite, crashes };
  } finally {
    await device.close();
  }
}

async function tryCrafted(
  subject: Subject,
  crafted: readonly CraftedAdapter[],
): Promise<Pick<AdapterTrial, 'bad' | 'fine' | 'accepted' | 'refused'>> {
  const [accepted, refused]: [string[], string[]] = [[], []];
  for (const { name, bytes, refusal } of crafted) {
    const served = await subject.try(name, bytes);
    if (served && refusal !== null) accepted.push(name);
    if (!served && refusal === null) refused.push(name);
  }
  const bad = crafted.filter(({ refusal }) => refusal !== null).length;
  return { bad, fine: crafted.length - bad, accepted, refused };
}

async function tryFlipped(
  subject: Subject,
  expectation: AdapterExpectation,
  { seed, flips }: { readonly seed: number; readonly flips: number },
): Promise<Pick<AdapterTrial, 'flips' | 'missedByHash' | 'flipsRefused' | 'flipsStopped' | 'flipsServed'>> {
  const sound = rawGguf(soundAdapter(expectation));
  const known = sha256(sound);
  const { headerEnd } = sectionsOf(soundAdapter(expectation));
  const missedByHash: string[] = [];
  const counts = { flipsRefused: 0, flipsStopped: 0, flipsServed: 0 };
  for (let index = 0; index < flips; index++) {
    const bytes = flippedFile(sound, headerEnd, seed, index);
    if (isRefused(bytes, { ...expectation, sha256: known })?.code !== 'data_loss') missedByHash.push(`flip ${index}`);
    if (isRefused(bytes, expectation)) counts.flipsRefused++;
    else if (await subject.try(`flip ${index}`, bytes)) counts.flipsServed++;
    else counts.flipsStopped++;
  }
  return { flips, missedByHash, ...counts };
}

/** Whether the goal is met: nothing bad in, nothing good out, no crash, no number that is none, every flip caught by a known hash. */
export function isMet(trial: AdapterTrial): boolean {
  const { accepted, refused, untyped, missedByHash, notFinite, crashes } = trial;
  return [accepted, refused, untyped, missedByHash, notFinite, crashes].every((names) => names.length === 0);
}
