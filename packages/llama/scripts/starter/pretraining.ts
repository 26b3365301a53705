import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomOf, RedQueenError, seedOf } from '@redqueen/core';
import { byteModel, decodeModel, encodeModel, type FullTrainer, initialModel, openFullTrainer, startDevice } from '@redqueen/llama';
import { Batches } from './batches.ts';
import { type Exam, examine } from './exam.ts';
import { firstMix, steer } from './mix.ts';
import { developLines, measureProgress, type Progress } from './progress.ts';
import type { Skill, SkillSet } from './skills.ts';

/** The starter's size: 853 888 parameters, 3.4 MB in F32. */
const model = byteModel({ layers: 4, width: 128, heads: 4, keyValueHeads: 2, feedForward: 384, context: 256 });

/**
 * Constant after the warm-up. Annealing would add 15 points and more of accuracy within seconds and leave less for the roles to learn
 * from each other: the starter is an early checkpoint on purpose.
 */
const schedule = { learningRate: 2e-3, warmUp: 50, stepsPerLook: 20 } as const;
const adamw = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.01, maxGradientNorm: 1 } as const;

/** When teacher forcing says that an exam may be passed. It sees direct answers alone: where sums can be calculated, reading off results counts instead. */
const worthAnExam = { executor: 0.22, weakest: 0.07, tool: 0.4 } as const;

/** Half-competent: enough success in every arm for rewards to differ, and enough failure to learn from. */
export const halfCompetent = {
  plain: { low: 0.25, high: 0.35, weakest: 0.08, worldModel: { low: 0.7, high: 0.84 } },
  // Products of two digits each are right by a call alone, and calls of the weakest arms stay rare; what is learned of calls elsewhere carries over.
  withCalls: { low: 0.25, high: 0.4, weakest: 0.05, worldModel: { low: 0.6, high: 0.84 } },
} as const;

/** Above this no later snapshot will be half-competent. */
const tooFar = 0.42;

/** One look at the model while it trains. */
export interface Look {
  readonly step: number;
  readonly seconds: number;
  readonly loss: number;
  readonly progress: Progress;
  /** What the progress is in, in its order. */
  readonly skills: readonly Skill[];
  /** Present where the look was close enough for one. */
  readonly exam: Exam | undefined;
}

/** How to pre-train. */
export interface PretrainingOptions {
  /** What is learned. */
  readonly set: SkillSet;
  /** A starter to go on from, as a GGUF file; random weights where it is left out. */
  readonly from?: Uint8Array;
  readonly seed: number;
  readonly threads: number;
  /** Time limit. */
  readonly seconds: number;
  /** Monotonic seconds. */
  readonly now: () => number;
  readonly onLook: (look: Look) => void;
}

/** The chosen snapshot as a GGUF file, and what it can do. */
export interface Starter {
  readonly file: Uint8Array;
  readonly exam: Exam;
}

function isWorthAnExam({ callShare, skills }: SkillSet, { executor, weakest, success }: Progress): boolean {
  if (callShare === 0) return executor >= worthAnExam.executor && weakest >= worthAnExam.weakest;
  return skills.every(({ role, arm }, index) => {
    if (role === 'tool') return (success[index] ?? 0) >= worthAnExam.tool;
    return arm === undefined || arm.environment === 'arithmetic' || (success[index] ?? 0) >= worthAnExam.weakest;
  });
}

function isHalfCompetent({ callShare }: SkillSet, { sampled, weakest, worldModel }: Exam): boolean {
  const wanted = callShare > 0 ? halfCompetent.withCalls : halfCompetent.plain;
  const executor = sampled >= wanted.low && sampled <= wanted.high && weakest >= wanted.weakest;
  return executor && worldModel.exact >= wanted.worldModel.low && worldModel.exact <= wanted.worldModel.high;
}

/** Examines a model file with the engine that will serve it, in a process of its own. */
async function examineFile(file: Uint8Array, set: SkillSet, threads: number): Promise<Exam> {
  const folder = await mkdtemp(join(tmpdir(), 'redqueen-starter-'));
  try {
    const modelPath = join(folder, 'starter.gguf');
    await writeFile(modelPath, file);
    const device = await startDevice({ modelPath, threads });
    try {
      return await examine(device, set);
    } finally {
      await device.close();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Trains for as many steps as lie between two looks; the mean loss. */
async function trainOn(trainer: FullTrainer, batches: Batches, mix: readonly number[], firstStep: number): Promise<number> {
  let loss = 0;
  for (let step = firstStep; step < firstStep + schedule.stepsPerLook; step++) {
    const learningRate = schedule.learningRate * Math.min(1, step / schedule.warmUp);
    loss += (await trainer.update(batches.next(mix), { ...adamw, learningRate })).loss / schedule.stepsPerLook;
  }
  return loss;
}

/**
 * Trains until the model is half-competent by generation on the develop split; that snapshot is the starter.
 * Deterministic in the seed: time only sets a limit. Throws `deadline_exceeded` at the time limit, and `failed_precondition` where the
 * model became too good before every arm was good enough (another seed helps).
 */
export async function pretrain(options: PretrainingOptions): Promise<Starter> {
  const { set, from, seed, threads, seconds, now, onLook } = options;
  const weights = from ? decodeModel(model, from) : initialModel(model, seedOf('starter', seed, 'weights'));
  const trainer = await openFullTrainer(model, weights, threads, now);
  const batches = new Batches(set, randomOf('starter', seed, 'text'));
  const lines = developLines(set);
  const start = now();
  let mix = firstMix(set);
  for (let step = 1; now() - start < seconds; step += schedule.stepsPerLook) {
    const loss = await trainOn(trainer, batches, mix, step);
    const progress = await measureProgress(trainer, set, lines);
    mix = steer(set, progress.success);
    const close = isWorthAnExam(set, progress);
    const file = encodeModel(model, trainer.weights, 'Red Queen starter (an early checkpoint)');
    const exam = close ? await examineFile(file, set, threads) : undefined;
    onLook({ step: step + schedule.stepsPerLook - 1, seconds: now() - start, loss, progress, skills: set.skills, exam });
    if (exam !== undefined && isHalfCompetent(set, exam)) return { file, exam };
    if (progress.executor > tooFar)
      throw new RedQueenError(
        'failed_precondition',
        'starter: it became too good before every family and level was good enough; try another --seed',
      );
  }
  throw new RedQueenError(
    'deadline_exceeded',
    `starter: not half-competent after ${seconds} s; give it more --seconds, or a less busy machine`,
  );
}
