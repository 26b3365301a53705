import type { Experience, MemoryStore, PluginOf } from '../plugins/index.ts';
import type { Random } from '../ports.ts';
import { pick } from '../random.ts';
import { pluginConformance } from './plugin.ts';
import { forEachCaseAsync, requireEqual, requireThat, several, type Conformance } from './promise.ts';

function anyExperience(random: Random): Experience {
  const about = several(random, 1, 6, () => pick(random, ['1', '2', '+'])).join('');
  return { scope: pick(random, ['a', 'b']), about, content: pick(random, ['x', 'y']), merit: random.uniform() };
}

/** What every memory store keeps, as long as it has room. `options` are those that a recipe gives it. */
export function memoryStoreConformance(plugin: PluginOf<'memory-store'>, options: object = {}): readonly Conformance[] {
  const make = (): MemoryStore => plugin.create(options, { seed: 1 });
  const filled = async (random: Random): Promise<MemoryStore> => {
    const store = make();
    for (const experience of several(random, 0, 12, () => anyExperience(random))) await store.write(experience);
    return store;
  };
  return [
    ...pluginConformance(plugin),
    {
      promise: 'what was written is found again, under the id that writing gave',
      check: forEachCaseAsync(async (random) => {
        const store = await filled(random);
        const experience = anyExperience(random);
        const id = await store.write(experience);
        const found = await store.query({ ...experience, count: 64 });
        const again = found.find((one) => one.id === id);
        requireThat(again !== undefined, `${experience.about} is not found`);
        requireEqual([again.about, again.content, again.merit], [experience.about, experience.content, experience.merit], 'found');
        requireThat((await store.write(experience)) === id, 'written twice, it is two');
      }),
    },
    {
      promise: 'queries keep to scope, count and merit, best first, and find the same each time',
      check: forEachCaseAsync(async (random) => {
        const store = await filled(random);
        const { scope, about } = anyExperience(random);
        const query = { scope, about, count: 1 + random.integer(5), atLeastMerit: random.uniform() };
        const found = await store.query(query);
        requireThat(found.length <= query.count, `${found.length} found, ${query.count} asked for`);
        requireThat(
          found.every((one) => one.scope === scope && one.merit >= query.atLeastMerit),
          'another scope, or too little merit',
        );
        const likeness = found.map(({ similarity }) => similarity);
        requireThat(
          likeness.every((one) => one >= 0 && one <= 1),
          `similarities ${likeness.join(', ')}`,
        );
        requireEqual(
          likeness,
          likeness.toSorted((a, b) => b - a),
          'similarities',
        );
        requireEqual(await store.query(query), found, 'a second time');
      }),
    },
    {
      promise: 'feedback moves merit within [0, 1]; that of something forgotten is ignored; consolidating is no error',
      check: forEachCaseAsync(async (random) => {
        const store = await filled(random);
        const experience = anyExperience(random);
        const id = await store.write(experience);
        await store.feedback(id, random.integer(2) === 1);
        await store.feedback('no experience has this id', true);
        const [kept] = (await store.query({ ...experience, count: 64 })).filter((one) => one.id === id);
        requireThat(kept !== undefined && kept.merit >= 0 && kept.merit <= 1, `merit ${kept?.merit}`);
        const { merged, dropped } = await store.consolidate();
        requireThat(merged >= 0 && dropped >= 0, 'counts below 0');
      }),
    },
  ];
}
