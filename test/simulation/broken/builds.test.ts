import { describe, expect, it } from 'vitest';
import { inProcess } from '../workers.ts';
import { brokenBuilds } from './builds.ts';

/** Schedules in which a broken build must be caught; the whole builds pass the same ones. */
const schedules = 200;

describe('a build that', () => {
  it.each(brokenBuilds.map((build) => [build.fault, build] as const))(
    'breaks a promise is caught: %s',
    { timeout: 120_000 },
    async (_fault, build) => {
      const { name, family, from, promise } = build;
      const { failures } = await inProcess({ family, from, count: schedules, step: 1, until: promise, broken: name });
      expect(failures.flatMap(({ violations }) => violations.map((violation) => violation.promise))).toContain(promise);
    },
  );

  it('does not hold the text to break is refused', async () => {
    await expect(inProcess({ family: 'any', from: 0, count: 1, step: 1, broken: 'no such build' })).rejects.toThrow(
      'there is no broken build',
    );
  });
});
