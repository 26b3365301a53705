import type { Message } from '@redqueen/contract';
import type { Monitor, MonitorTools, PluginOf } from '../plugins/index.ts';
import { pluginConformance } from './plugin.ts';
import { frozen, requireEqual, requireThat, type Conformance } from './promise.ts';

/** What a monitor is tried on. */
export interface MonitorCases {
  /** Some of a run's stream, in order. */
  readonly messages: readonly Message[];
  readonly tools: MonitorTools;
}

/** What every monitor keeps. `options` are those that a recipe gives it. */
export function monitorConformance(
  plugin: PluginOf<'monitor'>,
  { messages, tools }: MonitorCases,
  options: object = {},
): readonly Conformance[] {
  const make = (): Monitor => plugin.create(options, tools);
  const states = (monitor: Monitor): unknown[] => {
    const seen = [monitor.initial()];
    for (const message of messages) seen.push(monitor.observe(frozen(seen.at(-1)), message));
    return seen;
  };
  return [
    ...pluginConformance(plugin),
    {
      promise: 'its readings are finite and have names of letters, digits, dots, slashes and hyphens',
      check: () => {
        const monitor = make();
        for (const state of states(monitor)) {
          for (const { name, value } of monitor.read(state)) {
            requireThat(/^[A-Za-z0-9][A-Za-z0-9./-]*$/.test(name), `name ${JSON.stringify(name)}`);
            requireThat(Number.isFinite(value), `${name} is ${value}`);
          }
        }
      },
    },
    {
      promise: 'the same messages give the same state, which observing does not change',
      check: () => requireEqual(states(make()), states(make()), 'a second time'),
    },
    {
      promise: 'the knobs that it turns have finite values and a reason',
      check: () => {
        const monitor = make();
        for (const state of states(monitor)) {
          for (const { name, value, reason } of monitor.turn?.(state) ?? []) {
            requireThat(name !== '' && reason !== '' && Number.isFinite(value), `knob ${name} to ${value}: ${reason}`);
          }
        }
      },
    },
  ];
}
