import type { AnyPlugin } from '@redqueen/core';

/** Every plug-in that comes with Red Queen, from the services that use them. Loaded when it is asked for: most commands need none. */
export async function knownPlugins(): Promise<readonly AnyPlugin[]> {
  const services = await Promise.all([
    import('@redqueen/curriculum/plugins'),
    import('@redqueen/executor/plugins'),
    import('@redqueen/gateway/plugins'),
    import('@redqueen/policy/plugins'),
    import('@redqueen/proposer/plugins'),
    import('@redqueen/reward-aggregator/plugins'),
    import('@redqueen/verifier/plugins'),
  ]);
  return services.flatMap(({ plugins }) => plugins);
}
