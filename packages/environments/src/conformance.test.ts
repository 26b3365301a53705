import type { Environment, Truth } from '@redqueen/core';
import { describe, expect, test } from 'vitest';
import { environmentConformance } from './conformance.ts';
import { environments } from './registry.ts';
import { truthByName } from './truth.ts';

for (const environment of environments) {
  describe(environment.name, () => {
    for (const { promise, check } of environmentConformance(environment, truthByName(environment.name))) test(promise, check);
  });
}

describe('the kit notices', () => {
  const strings = environments.find(({ name }) => name === 'strings') as Environment;
  const truth = truthByName('strings');
  const broken: readonly (readonly [string, Partial<Environment>, Partial<Truth>])[] = [
    ['a canonical form that does not read back', { parse: () => undefined }, {}],
    ['a lenient check', {}, { check: () => ({ correct: true, firstBadStep: -1 }) }],
    ['a check that throws', {}, { check: (task, answer) => (answer === '' ? fail() : truth.check(task, answer)) }],
    ['a state lost by its snapshot', { snapshot: () => 'x' }, {}],
    ['an answer longer than declared', { families: strings.families.map((family) => ({ ...family, maxAnswer: 3 })) }, {}],
    ['two names', {}, { name: 'other' }],
  ];
  for (const [what, environmentPatch, truthPatch] of broken) {
    test(what, () => {
      const promises = environmentConformance({ ...strings, ...environmentPatch }, { ...truth, ...truthPatch });
      const faults = promises.filter(({ check }) => {
        try {
          check();
          return false;
        } catch {
          return true;
        }
      });
      expect(faults.length).toBeGreaterThan(0);
    });
  }
});

function fail(): never {
  throw new Error('broken');
}
