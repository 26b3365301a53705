import type { Admission, Lineage, PluginOf } from '../plugins/index.ts';
import type { Random } from '../ports.ts';
import { pluginConformance } from './plugin.ts';
import { forEachCase, frozen, requireEqual, requireThat, several, type Conformance } from './promise.ts';

function anyAdmission(random: Random): Admission {
  const anchors = 1 + random.integer(200);
  const version = (number: number) => {
    const skill = random.uniform();
    const passed = several(random, anchors, anchors, () => (random.uniform() < skill ? '1' : '0')).join('');
    return { number, passed, losses: '' };
  };
  return { candidate: version(3), parent: version(2), best: version(random.integer(3)), tolerance: 2 * random.uniform(), lossTolerance: 2 };
}

/** What every lineage keeps. One that does not measure is never asked. */
export function lineageConformance(plugin: PluginOf<'lineage'>, options: object = {}): readonly Conformance[] {
  const make = (): Lineage => plugin.create(options, {});
  const measured = (check: (lineage: Lineage, admission: Admission) => void) =>
    forEachCase((random) => {
      const lineage = make();
      if (lineage.measures) check(lineage, frozen(anyAdmission(random)));
    });
  return [
    ...pluginConformance(plugin),
    {
      promise: 'a verdict has a reason, and its flips are those against the parent',
      check: measured((lineage, admission) => {
        const { candidate, parent } = admission;
        const { reason, flips } = lineage.admit(admission);
        requireThat(reason !== '', 'a person must be able to read why');
        const count = (from: string, to: string): number =>
          [...parent.passed].filter((before, index) => before === from && candidate.passed[index] === to).length;
        requireEqual(flips, { passToFail: count('1', '0'), failToPass: count('0', '1') }, 'flips');
      }),
    },
    {
      promise: 'a candidate that lost nothing against parent and best is released',
      check: measured((lineage, admission) => {
        const passed = admission.candidate.passed.replaceAll('0', '1');
        const { release, reason } = lineage.admit({ ...admission, candidate: { ...admission.candidate, passed } });
        requireThat(release, `refused though nothing was lost: ${reason}`);
      }),
    },
    {
      promise: 'the same versions get the same verdict',
      check: measured((lineage, admission) => requireEqual(make().admit(admission), lineage.admit(admission), 'a second time')),
    },
  ];
}
