import { loadConfig, obtainNats, processEnvironment, silentLogger } from '@redqueen/runtime';

/** Before any test: a nats-server is found, or the distribution's package is unpacked into the cache, as `npm start` does it. */
export default async function setup(): Promise<void> {
  const source = await obtainNats(loadConfig().config, processEnvironment(), silentLogger);
  if (source.kind === 'none') throw new Error(`the tests need a nats-server: ${source.hint}`);
}
