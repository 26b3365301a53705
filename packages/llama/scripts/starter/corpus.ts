import { pick, type Random, type Split, type Task, weightedIndex } from '@redqueen/core';
import {
  type ArmName,
  environmentByName,
  executorPrompt,
  generateIn,
  proposerPrompt,
  randomStep,
  readTask,
  splitOfStep,
  stopText,
  verifierLabels,
  verifierPrompt,
  worldModelPrompt,
} from '@redqueen/environments';
import { rightAnswer } from '@redqueen/environments/truth';
import type { Line } from './line.ts';
import { levelShare, type Skill, type SkillSet } from './skills.ts';
import { afterCallLine, callLine } from './tool-lines.ts';
import { wrongAnswer } from './wrong-answers.ts';

/** Share of proposals in the training text that are damaged or belong to another slot: the proposer is to have something to learn. */
const proposalNoise = 0.25;
const proposalLetters = '+-rscm0123456789abcdefghij.#AGKD'.split('');
const longestProposal = 10;
const isArithmetic = ({ environment }: ArmName): boolean => environment === 'arithmetic';

/** A random family, and a level of it as often as it is shown. */
function randomArm(arms: readonly ArmName[], random: Random): ArmName {
  const family = pick(random, [...new Set(arms.map((arm) => arm.family))]);
  const levels = arms.filter((arm) => arm.family === family);
  return levels[
    weightedIndex(
      random,
      levels.map(({ level }) => levelShare(family, level)),
    )
  ] as ArmName;
}

function taskOf(arm: ArmName, split: Split, random: Random): Task {
  return generateIn(split, environmentByName(arm.environment), arm, random);
}

/** A question and its answer, or for the share that the set says a call of the calculator; develop lines all answer, so that they measure one thing. */
function executorLine({ callShare }: SkillSet, arm: ArmName, split: Split, random: Random): Line {
  const task = taskOf(arm, split, random);
  if (callShare > 0 && split === 'train' && isArithmetic(arm) && random.uniform() < callShare) return callLine(task, random);
  return { prompt: executorPrompt(task), answer: rightAnswer(task) + stopText };
}

function verifierLine({ arms }: SkillSet, split: Split, random: Random): Line {
  const task = taskOf(randomArm(arms, random), split, random);
  const wrong = random.integer(2) === 0 ? wrongAnswer(task, random) : undefined;
  return {
    prompt: verifierPrompt(task, wrong ?? rightAnswer(task)),
    answer: wrong === undefined ? verifierLabels.right : verifierLabels.wrong,
  };
}

/**
 * Whether the line may be used for the split: by its own text and, because a state shows a whole maze,
 * also by the maze that it shows (a state of the training text must not be the start of a held-out maze).
 */
function stepFits(state: string, action: string, split: Split): boolean {
  const maze = readTask(`m${state.slice(0, -1)}`);
  const ofMaze = maze === undefined ? split : environmentByName(maze.environment).splitOf(maze);
  return splitOfStep(state, action) === split && (split !== 'train' || ofMaze === 'train');
}

/**
 * Share of the training lines in which something happens that is rare: a goal, a key or a door. Left to chance it is one line in ten, and a word
 * that the model hardly ever says is one that rewards cannot teach it.
 */
const eventfulShare = 0.15;
const eventful = /[GKD]$/;

function worldModelLine({ arms }: SkillSet, split: Split, random: Random): Line {
  const mazes = arms.filter(({ environment }) => environment === 'grid');
  const onlyEventful = split === 'train' && random.uniform() < eventfulShare;
  for (;;) {
    const step = randomStep(pick(random, mazes), random);
    if (step === undefined || !stepFits(step.state, step.action, split)) continue;
    if (onlyEventful && !eventful.test(step.outcome)) continue;
    return { prompt: worldModelPrompt(step.state, step.action), answer: step.outcome + stopText };
  }
}

/** A text with one character left out, doubled elsewhere, or replaced. */
function damaged(text: string, random: Random): string {
  const letters = text.split('');
  const at = random.integer(letters.length);
  const kind = random.integer(3);
  if (kind === 0) letters.splice(at, 1);
  else if (kind === 1) letters.splice(at, 0, pick(random, letters));
  else letters[at] = pick(random, proposalLetters);
  return letters.join('').slice(0, longestProposal);
}

/** A proposal that is no valid one for its slot, most of the time. Never a held-out task. */
function noisyProposal(arms: readonly ArmName[], arm: ArmName, random: Random): string {
  for (;;) {
    const other = random.integer(2) === 0 ? arm : pick(random, arms);
    const text =
      random.integer(2) === 0
        ? taskOf({ ...other, level: 1 + random.integer(3) }, 'train', random).canonical
        : damaged(taskOf(arm, 'train', random).canonical, random);
    const task = readTask(text);
    if (task === undefined || environmentByName(task.environment).splitOf(task) === 'train') return text;
  }
}

function proposerLine({ arms }: SkillSet, split: Split, random: Random): Line {
  const arm = pick(random, arms);
  const noisy = split === 'train' && random.uniform() < proposalNoise;
  const proposal = noisy ? noisyProposal(arms, arm, random) : taskOf(arm, split, random).canonical;
  return { prompt: proposerPrompt(arm.environment, arm.family, arm.level), answer: proposal + stopText };
}

/** A random line of one of the set's skills, made of tasks of one split only. */
export function lineOf(set: SkillSet, skill: Skill, split: Split, random: Random): Line {
  if (skill.arm !== undefined) return executorLine(set, skill.arm, split, random);
  if (skill.role === 'verifier') return verifierLine(set, split, random);
  if (skill.role === 'tool') return afterCallLine(taskOf(randomArm(set.arms.filter(isArithmetic), random), split, random), random);
  return skill.role === 'world-model' ? worldModelLine(set, split, random) : proposerLine(set, split, random);
}
