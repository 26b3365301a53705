import { expect, test } from 'vitest';
import { firstMix, steer } from './mix.ts';
import { skills } from './skills.ts';

const at = (name: string): number => skills.findIndex((skill) => skill.name === name);

test('a skill above its target is shown rarely, but never not at all', () => {
  const weak = steer(skills.map(() => 0));
  const strong = steer(skills.map(() => 1));
  for (const [index, { name }] of skills.entries()) {
    expect(strong[index]).toBeGreaterThan(0);
    expect(strong[index], name).toBeLessThan(0.05 * (weak[index] ?? 0));
  }
});

test('the weight falls as the success rises, for each level by itself', () => {
  const success = skills.map(() => 0.1);
  success[at('add 1')] = 0.3;
  const mix = steer(success);
  expect(mix[at('add 1')]).toBeLessThan(mix[at('add 2')] ?? 0);
  expect(mix[at('add 2')]).toBe(steer(skills.map(() => 0.1))[at('add 2')]);
});

test('proposals keep their rate where success is not measured', () => {
  expect(steer(skills.map(() => undefined))[at('proposer')]).toBe(firstMix()[at('proposer')]);
});
