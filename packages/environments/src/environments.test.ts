import { randomOf, type Task } from '@redqueen/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { generateIn } from './generating.ts';
import { fieldAccuracy, readPrediction, verifierPrompt, worldModelPrompt } from './prompts.ts';
import { readProposal } from './proposals.ts';
import { armsOf, environmentByName, environments, proposerPrompt, readTask } from './registry.ts';
import { splitOfText } from './splits.ts';
import { checkAnswer, rightAnswer, truthByName } from './truth.ts';

const task = (text: string): Task => readTask(text) ?? expect.fail(`"${text}" is no task`);

test('golden tasks: family, level and answer of each form', () => {
  const golden = [
    ['37+4', 'add', 1, '41'],
    ['37+45', 'add', 2, '82'],
    ['299+99', 'add', 3, '398'],
    ['10-9', 'subtract', 1, '1'],
    ['45-45', 'subtract', 2, '0'],
    ['100-10', 'subtract', 3, '90'],
    ['9-0+3', 'chain', 1, '12'],
    ['45+7-9', 'chain', 2, '43'],
    ['99+99+99', 'chain', 3, '297'],
    ['7*8', 'multiply', 1, '56'],
    ['12*3', 'multiply', 2, '36'],
    ['99*99', 'multiply', 3, '9801'],
    ['rabc', 'reverse', 1, 'cba'],
    ['sdbca', 'sort', 2, 'abcd'],
    ['sjjaai', 'sort', 3, 'aaijj'],
    ['caabacd', 'count', 2, '2'],
    ['cdabca', 'count', 1, '0'],
    ['mA......G.', 'maze', 1, 'ddr'],
    ['m.A#...#.G', 'maze', 2, 'ddr'],
    ['m.A#K.D..G', 'maze', 3, 'ddr'],
  ] as const;
  for (const [text, family, level, answer] of golden) {
    expect([text, task(text).family, task(text).level, rightAnswer(task(text))]).toEqual([text, family, level, answer]);
  }
});

test('texts that are no task', () => {
  const texts = [
    '',
    '37+045',
    '07+4',
    '4+37',
    '300+10',
    '45-46',
    '1+2-4',
    '1+2*3',
    '37+45=',
    'rab',
    'rabcdef',
    'rabk',
    'cabcz',
    'caab',
    'mA.......',
    'mAA.....G.',
    'mA#.#....G',
    'mA..K....G',
    'mA........',
    'xabc',
    ' 37+45',
  ];
  for (const text of texts) expect([text, readTask(text)]).toEqual([text, undefined]);
});

test('commuted sums, chains and products are reserved for the same use', () => {
  const digits = fc.integer({ min: 10, max: 99 });
  const splitOf = (text: string): string => environmentByName('arithmetic').splitOf(task(text));
  fc.assert(
    fc.property(digits, digits, digits, (a, b, c) => {
      expect(splitOf(`${a}+${b}`)).toBe(splitOf(`${b}+${a}`));
      expect(splitOf(`${a}*${b}`)).toBe(splitOf(`${b}*${a}`));
      expect(splitOf(`${a}+${b}+${c}`)).toBe(splitOf(`${c}+${a}+${b}`));
    }),
  );
});

test('splits are stable and have their sizes', () => {
  // Golden values: a change here would move tasks between training and held-out sets of models that exist already.
  expect(['37+45', '12-9', 'rabi', '95-9', '99-9', 'm.A#K.D..G'].map(splitOfText)).toEqual([
    'train',
    'report',
    'report',
    'gate',
    'develop',
    'train',
  ]);
  const counts: Record<string, number> = { train: 0, gate: 0, report: 0, develop: 0 };
  for (let index = 0; index < 20_000; index++) counts[splitOfText(`text ${index}`)]! += 1;
  for (const [split, share] of [
    ['train', 0.8],
    ['report', 0.1],
    ['gate', 0.05],
    ['develop', 0.05],
  ] as const) {
    expect(counts[split]! / 20_000).toBeCloseTo(share, 1.7);
  }
});

test('generateIn keeps to its split', () => {
  const environment = environmentByName('grid');
  for (const split of ['train', 'gate', 'report', 'develop'] as const) {
    const drawn = generateIn(split, environment, { family: 'maze', level: 3 }, randomOf(split));
    expect(environment.splitOf(drawn)).toBe(split);
  }
});

test('names that do not exist are answered with those that do', () => {
  expect(() => environmentByName('chess')).toThrow('no environment "chess"; known are arithmetic, strings, grid');
  expect(() => truthByName('chess')).toThrow(/known are arithmetic, strings, grid/);
  expect(() => armsOf([{ use: 'grid', families: { cave: [1] } }])).toThrow(/no family "cave"; it has maze/);
  expect(() => armsOf([{ use: 'grid', families: { maze: [4] } }])).toThrow(/no level 4; it has 1, 2, 3/);
});

test('no text is a task of two environments', () => {
  const arms = armsOf(
    environments.map(({ name, families }) => ({
      use: name,
      families: Object.fromEntries(families.map((family) => [family.name, [...family.levels]])),
    })),
  );
  fc.assert(
    fc.property(fc.constantFrom(...arms), fc.integer(), (arm, seed) => {
      const { canonical } = environmentByName(arm.environment).generate(arm.family, arm.level, randomOf(seed));
      expect(environments.filter((environment) => environment.parse(canonical) !== undefined).map(({ name }) => name)).toEqual([
        arm.environment,
      ]);
    }),
  );
});

test('prompts are the texts that the starter model knows', () => {
  expect(environmentByName('arithmetic').prompt(task('37+45'))).toBe('37+45=');
  expect(proposerPrompt('arithmetic', 'add', 2)).toBe('p+2=');
  expect(proposerPrompt('grid', 'maze', 3)).toBe('pm3=');
  expect(verifierPrompt(task('37+45'), '82')).toBe('v37+45=82?');
  expect(worldModelPrompt('.A#K.D..G0', 'd')).toBe('w.A#K.D..G0d=');
});

test('predictions are compared field by field', () => {
  expect(readPrediction('41K')).toEqual({ cell: '4', inventory: '1', event: 'K' });
  expect(readPrediction('141K')).toEqual({ cell: '14', inventory: '1', event: 'K' });
  expect(readPrediction('4K')).toBeUndefined();
  expect(fieldAccuracy('41K', '41K')).toBe(1);
  expect(fieldAccuracy('40K', '41K')).toBeCloseTo(2 / 3);
  expect(fieldAccuracy('xyz', '41K')).toBe(0);
  expect(fieldAccuracy('041K', '41K')).toBe(0);
});

test('proposals: valid, malformed, of another slot, held out', () => {
  const slot = { environment: 'arithmetic', family: 'add', level: 2 };
  const random = randomOf('proposals');
  const environment = environmentByName('arithmetic');
  const trained = generateIn('train', environment, slot, random);
  expect(readProposal(trained.canonical, slot)).toEqual({ valid: true, task: trained });
  expect(readProposal(`${trained.canonical}=`, slot)).toEqual({ valid: false, reason: 'malformed' });
  expect(readProposal(trained.canonical, { ...slot, level: 1 })).toEqual({ valid: false, reason: 'wrong-slot' });
  for (const split of ['gate', 'report', 'develop'] as const) {
    const heldOut = generateIn(split, environment, slot, random);
    expect(readProposal(heldOut.canonical, slot)).toEqual({ valid: false, reason: 'held-out' });
    // A held-out task in the wrong slot must not earn a penalty either: that would be training on it.
    expect(readProposal(heldOut.canonical, { ...slot, level: 3 })).toEqual({ valid: false, reason: 'held-out' });
  }
});

test('grid: the first bad step is where the goal gets out of reach, or where a plan ends too early or goes on too long', () => {
  const maze = task('mA......G.');
  expect(checkAnswer(maze, 'ddr')).toEqual({ correct: true, firstBadStep: -1 });
  expect(checkAnswer(maze, 'ulddr')).toEqual({ correct: true, firstBadStep: -1 });
  expect(checkAnswer(maze, 'dd').firstBadStep).toBe(2);
  expect(checkAnswer(maze, 'ddru').firstBadStep).toBe(3);
  expect(checkAnswer(maze, 'uuuuddr').firstBadStep).toBe(3);
  expect(checkAnswer(maze, 'dx').firstBadStep).toBe(1);
});

test('grid: doors need the key, steps can be taken one by one from any snapshot', () => {
  const grid = environmentByName('grid');
  const locked = grid.restore('AD.K....G0');
  expect(grid.step(locked, 'r')).toMatchObject({ outcome: '00#', done: false });
  const keyed = grid.step(locked, 'd').state;
  expect(grid.snapshot(keyed)).toBe('.D.A....G1');
  const back = grid.step(keyed, 'u').state;
  expect(grid.step(back, 'r')).toMatchObject({ outcome: '11D', done: false });
  expect(() => grid.restore('AA.K....G0')).toThrow(/no snapshot/);
  expect(() => grid.step(locked, 'x')).toThrow(/moves are u d l r/);
});
