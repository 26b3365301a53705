import { registerHooks } from 'node:module';
import { brokenBuilds } from './builds.ts';

/**
 * From now on modules are loaded as the broken build has them. To be called before they are. Returns a check that throws where one of them was never loaded.
 * Throws where there is no such build; loading throws where the text to replace is not there (any more), so that no build passes for broken that is not.
 */
export function breakBuild(name: string): () => void {
  const build = brokenBuilds.find((one) => one.name === name);
  if (!build) throw new Error(`there is no broken build ${name}`);
  const missing = new Set(build.edits);
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const edits = build.edits.filter(({ file }) => url.endsWith(`/${file}`));
      if (edits.length === 0) return loaded;
      let source = Buffer.from(loaded.source as Uint8Array).toString();
      for (const edit of edits) {
        if (source.split(edit.find).length !== 2) throw new Error(`${edit.file} does not hold once: ${edit.find}`);
        source = source.replace(edit.find, () => edit.replace);
        missing.delete(edit);
      }
      return { ...loaded, source };
    },
  });
  return () => {
    if (missing.size > 0) throw new Error(`never loaded: ${[...missing].map(({ file }) => file).join(', ')}`);
  };
}
