import { expect, test } from 'vitest';
import { firstMix, steer } from './mix.ts';
import { skillSets } from './skills.ts';

const { plain, tools } = skillSets;
const { skills } = plain;

const at = (name: string): number => skills.findIndex((skill) => skill.name === name);

test('a skill above its target is shown rarely, but never not at all', () => {
  const weak = steer(
    plain,
    skills.map(() => 0),
  );
  const strong = steer(
    plain,
    skills.map(() => 1),
  );
  for (const [index, { name }] of skills.entries()) {
    expect(strong[index]).toBeGreaterThan(0);
    expect(strong[index], name).toBeLessThan(0.05 * (weak[index] ?? 0));
  }
});

test('the weight falls as the success rises, for each level by itself', () => {
  const success = skills.map(() => 0.1);
  success[at('add 1')] = 0.3;
  const mix = steer(plain, success);
  expect(mix[at('add 1')]).toBeLessThan(mix[at('add 2')] ?? 0);
  expect(mix[at('add 2')]).toBe(
    steer(
      plain,
      skills.map(() => 0.1),
    )[at('add 2')],
  );
});

test('proposals keep their rate where success is not measured', () => {
  expect(
    steer(
      plain,
      skills.map(() => undefined),
    )[at('proposer')],
  ).toBe(firstMix(plain)[at('proposer')]);
});

test('direct answers of sums are steered lower where the calculator is called as well', () => {
  const place = tools.skills.findIndex(({ name }) => name === 'add 1');
  const success = tools.skills.map(() => 0.2);
  expect(steer(tools, success)[place]).toBeLessThan(steer(plain, success)[at('add 1')] ?? 0);
});
