import { describePlugin, faultsOfPlugin, type AnyPlugin } from '../plugins/index.ts';
import { requireThat, type Conformance } from './promise.ts';

/** What every plug-in keeps, whatever its kind. A name may begin with a package's. */
export function pluginConformance(plugin: AnyPlugin): readonly Conformance[] {
  const bare = { ...plugin, name: plugin.name.slice(plugin.name.lastIndexOf('/') + 1), create: () => undefined };
  return [
    {
      promise: 'it has a kind, a name, a source, a sentence about it, options and create',
      check: () => {
        const faults = faultsOfPlugin(bare);
        requireThat(faults.length === 0, faults.join('; '));
      },
    },
    {
      promise: 'an option that it does not know is refused',
      check: () => {
        const known = plugin.options.safeParse({ 'no option has this name': 1 });
        requireThat(!known.success, 'options: make the schema a z.strictObject, so that a mistyped key is an error');
      },
    },
    {
      promise: 'its options can be told as JSON Schema',
      check: () => void describePlugin(plugin),
    },
  ];
}
