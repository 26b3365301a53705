import { z } from 'zod';
import { hash } from '../ids.ts';
import { definePlugin, type Experience, type MemoryQuery, type MemoryStore, type Recalled } from '../plugins/index.ts';
import { movingAverage } from '../statistics.ts';
import { similarityOf } from './similarity.ts';

const options = z.strictObject({
  /** Experiences kept; the oldest make room. */
  capacity: z.int().min(1).max(65_536).default(512),
  /** Rate at which feedback moves an experience's merit towards 1 or 0. */
  rate: z.number().gt(0).max(1).default(0.2),
});

function createReplay({ capacity, rate }: z.output<typeof options>): MemoryStore {
  /** Oldest first. */
  const kept = new Map<string, Experience>();
  const best = ({ scope, about, count, atLeastMerit = 0 }: MemoryQuery): Recalled[] =>
    [...kept]
      .filter(([, experience]) => experience.scope === scope && experience.merit >= atLeastMerit)
      .map(([id, experience]) => ({ ...experience, id, similarity: similarityOf(about, experience.about) }))
      .sort((a, b) => b.similarity - a.similarity || b.merit - a.merit || (a.id < b.id ? -1 : 1))
      .slice(0, count);
  return {
    name: 'replay',
    async write(experience) {
      const id = hash('experience', experience.scope, experience.about, experience.content).slice(0, 32);
      kept.delete(id);
      kept.set(id, experience);
      for (const oldest of kept.keys()) {
        if (kept.size <= capacity) break;
        kept.delete(oldest);
      }
      return id;
    },
    query: async (query) => best(query),
    async feedback(id, helped) {
      const experience = kept.get(id);
      if (experience) kept.set(id, { ...experience, merit: movingAverage(experience.merit, helped ? 1 : 0, rate) });
    },
    async consolidate() {
      const champions = new Map<string, string>();
      let merged = 0;
      // Of several contents for one situation the one of most merit stays; the newer of equals.
      for (const [id, { scope, about, merit }] of kept) {
        const situation = JSON.stringify([scope, about]);
        const rival = champions.get(situation);
        if (rival !== undefined) {
          merged++;
          if ((kept.get(rival)?.merit ?? 0) > merit) {
            kept.delete(id);
            continue;
          }
          kept.delete(rival);
        }
        champions.set(situation, id);
      }
      return { merged, dropped: 0 };
    },
  };
}

/** The newest experiences, found again by the likeness of what they are about. It lives in the process that writes it and starts empty. */
export const replay = definePlugin({
  kind: 'memory-store',
  name: 'replay',
  source: 'experience replay: Lin 1992; found by bigram likeness (Dice 1945)',
  about: 'Keeps the newest experiences and finds similar ones.',
  options,
  create: (settings) => createReplay(settings),
});
