import { readFileSync } from 'node:fs';
import { resolveRecipe } from '@redqueen/core';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { anchorsHash, anchorSlots, anchorTasks } from './anchors.ts';
import { worldModelPrompt } from './prompts.ts';
import { environmentByName } from './registry.ts';
import { anchorTransitions, splitOfStep } from './transitions.ts';

const recipe = resolveRecipe(parse(readFileSync(new URL('../../../config/recipes/default.yaml', import.meta.url), 'utf8')));
const selection = recipe.environments;
const purposes = ['gate', 'report', 'develop'] as const;

test('anchor tasks are distinct, of their split, and as many as asked for although small arms give fewer', () => {
  for (const [purpose, perArm] of [
    ['gate', 6],
    ['report', 26],
    ['develop', 26],
  ] as const) {
    const tasks = anchorTasks(selection, purpose, perArm);
    expect(tasks.length).toBe(perArm * 18);
    expect(new Set(tasks.map(({ canonical }) => canonical)).size).toBe(tasks.length);
    for (const task of tasks) expect(environmentByName(task.environment).splitOf(task)).toBe(purpose);
    expect(new Set(tasks.map(({ family, level }) => `${family} ${level}`)).size).toBe(18);
  }
});

test('sets of different purposes are disjoint, sums counted without their order', () => {
  const key = (canonical: string): string => canonical.split('+').sort().join('+');
  const sets = purposes.map((purpose) => anchorTasks(selection, purpose, 26).map(({ canonical }) => key(canonical)));
  for (const [index, left] of sets.entries()) {
    for (const right of sets.slice(index + 1)) expect(left.filter((text) => right.includes(text))).toEqual([]);
  }
});

test('anchor transitions are distinct, of their split, and what the environment does', () => {
  for (const purpose of purposes) {
    const steps = anchorTransitions(selection, purpose, 128);
    expect(new Set(steps.map(({ state, action }) => worldModelPrompt(state, action))).size).toBe(128);
    for (const { environment, state, action, outcome } of steps) {
      const grid = environmentByName(environment);
      expect(splitOfStep(state, action)).toBe(purpose);
      expect(grid.step(grid.restore(state), action).outcome).toBe(outcome);
    }
  }
  expect(anchorTransitions([{ use: 'strings', families: { sort: [1] } }], 'gate', 5)).toEqual([]);
});

test('anchor slots: every arm once', () => {
  const slots = anchorSlots(selection, 6);
  expect(slots.length).toBe(18);
  expect(new Set(slots.map(({ seed }) => seed)).size).toBe(18);
});

test('anchors are the same on every machine', () => {
  expect(anchorsHash(anchorTasks(selection, 'report', 26))).toBe('76c832ccc1cc959ae5a857aeb27c85eb1aed00ef87daaa28c7b90897ea132956');
  expect(anchorsHash(anchorTransitions(selection, 'report', 128))).toBe('cf7356b163084942ae0f282c52b28ff022facf49a7bd71d59286bd8c1a7c6f2f');
  expect(anchorsHash(anchorSlots(selection, 6))).toBe('bb07dbf0aa024602d493425ac672e97d7dd349db1a2a5c44afdf8319a4743a5c');
  expect(anchorsHash([{ b: 1, a: 2 }])).toBe(anchorsHash([{ a: 2, b: 1 }]));
});
