import { describe, expect, it } from 'vitest';
import { registryOf } from './registry.ts';

describe('registryOf', () => {
  it('finds by name', () => {
    const registry = registryOf('credit assigner', [{ name: 'b' }, { name: 'a' }]);
    expect(registry.get('a')).toEqual({ name: 'a' });
    expect(registry.names).toEqual(['a', 'b']);
  });

  it('lists the known names where one is unknown', () => {
    expect(() => registryOf('credit assigner', [{ name: 'b' }, { name: 'a' }]).get('c')).toThrow(
      'there is no credit assigner "c"; known: a, b',
    );
  });

  it('refuses two of the same name', () => {
    expect(() => registryOf('reward term', [{ name: 'a' }, { name: 'a' }])).toThrow('reward term a is registered twice');
  });
});
