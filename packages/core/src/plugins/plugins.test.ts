import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { contextManagers } from '../contexts/index.ts';
import { describePlugin, faultsOfPlugin, pluginNamed, pluginRegistry, definePlugin } from './index.ts';

const halved = definePlugin({
  kind: 'reward-term',
  name: 'halved',
  source: 'a test',
  about: 'Pays a share.',
  options: z.strictObject({ share: z.number().min(0).max(1).default(0.5) }),
  create: ({ share }) => ({
    name: 'halved',
    earner: 'executor',
    teller: undefined,
    range: [0, 1],
    gate: false,
    closedGate: 0,
    turns: (facts) => facts.attempts,
    formula: () => share,
  }),
});
const none = { attempts: [], proposals: [], judgements: [], predictions: [], episode: '', kind: 'task' } as const;
const evidence = { trust: 0, value: () => undefined };

describe('plug-ins', () => {
  test('options are checked and defaults filled in before create sees them', () => {
    const value = (options: object) => halved.create(options, {}).formula(none as never, { agent: '', turn: 0 }, evidence as never);
    expect(value({})).toBe(0.5);
    expect(value({ share: 1 })).toBe(1);
    expect(() => value({ share: 2 })).toThrow(/options of halved: share/);
    expect(() => value({ shere: 1 })).toThrow(/shere: unknown key; known here: share/);
  });

  test('a registry lists the known names, names the key, and refuses duplicates and other kinds', () => {
    const registry = pluginRegistry('reward-term', [halved]);
    expect(() => registry.create({ use: 'vibes' }, {}, 'roles.executor.rewards[0]')).toThrow(
      'roles.executor.rewards[0]: there is no reward term "vibes"; known: halved',
    );
    expect(() => registry.with([halved])).toThrow(/halved is registered twice/);
    expect(registry.with(contextManagers.plugins).names).toEqual(['halved']);
    expect(() => pluginRegistry('curriculum', [halved as never])).toThrow(/reward-term halved is no curriculum/);
  });

  test('a description holds the options as JSON Schema', () => {
    const { options } = describePlugin(pluginNamed('reward-term/halved', [halved]));
    expect(options).toMatchObject({
      type: 'object',
      properties: { share: { type: 'number', minimum: 0, maximum: 1, default: 0.5 } },
      additionalProperties: false,
    });
    expect(() => pluginNamed('vibes/x', [halved])).toThrow(/KIND\/NAME/);
  });

  test('what is no plug-in is told what it lacks', () => {
    expect(faultsOfPlugin(halved)).toEqual([]);
    expect(faultsOfPlugin({ ...halved, kind: 'toString', name: 'Half', options: {} }).map((fault) => fault.split(':')[0])).toEqual([
      'kind',
      'name',
      'options',
    ]);
    expect(faultsOfPlugin(3)).toHaveLength(1);
  });
});
