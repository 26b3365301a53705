import { existsSync, readdirSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, freemem } from 'node:os';
import { dirname, join } from 'node:path';
import {
  cacheFolder,
  findNatsServer,
  installHint,
  loadConfig,
  loadRecipe,
  modelFile,
  processEnvironment,
  recipeNames,
  type Config,
} from '@redqueen/runtime';
import { connect, RedQueenError } from '@redqueen/sdk';
import { findCluster } from '../launch/index.ts';
import type { CommonOptions } from '../options.ts';

/** What a check found. */
export interface Finding {
  readonly name: string;
  readonly state: 'good' | 'warning' | 'bad';
  readonly detail: string;
  /** What to do; empty where nothing is needed. */
  readonly fix: string;
}

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
const finding = (name: string, state: Finding['state'], detail: string, fix = ''): Finding => ({ name, state, detail, fix });

function node(): Finding {
  const good = Number(process.versions.node.split('.')[0]) >= 24;
  return finding(
    'Node',
    good ? 'good' : 'bad',
    process.version,
    good ? '' : 'run `npm ci`, which brings Node 24 on Linux, or install it from https://nodejs.org',
  );
}

function machine(): Finding {
  const cores = availableParallelism();
  const memory = freemem();
  const enough = memory > 1.5 * 2 ** 30;
  return finding(
    'machine',
    enough ? 'good' : 'warning',
    `${cores} cores, ${gib(memory)} memory free`,
    enough ? '' : 'a run takes about 1.5 GiB: close something',
  );
}

async function disk(config: Config): Promise<Finding> {
  let folder = config.dataDir;
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = await statfs(folder);
  const enough = bavail * bsize > 2 * 2 ** 30;
  return finding(
    'disk',
    enough ? 'good' : 'warning',
    `${gib(bavail * bsize)} free for ${config.dataDir}`,
    enough ? '' : 'a run of five minutes writes about 0.5 GiB: free some space or set dataDir',
  );
}

function nats(config: Config): Finding {
  if (config.bus.url) return finding('NATS', 'good', `uses ${config.bus.url}`);
  const environment = processEnvironment();
  const found = findNatsServer({ named: config.bus.serverBinary, environment, cacheFolder: cacheFolder(environment) });
  if (found) return finding('NATS', 'good', found);
  return finding(
    'NATS',
    'warning',
    'no nats-server here: all services would share one process and nothing would survive it',
    `install it with \`${installHint()}\``,
  );
}

function native(): Finding {
  const name = `@node-llama-cpp/${process.platform === 'win32' ? 'win' : process.platform === 'darwin' ? 'mac' : 'linux'}-${process.arch}`;
  try {
    const folder = join(dirname(createRequire(import.meta.url).resolve(name)), '../bins');
    const libraries = readdirSync(folder, { recursive: true }).filter((file) => /ggml|llama/.test(String(file)));
    return finding('llama.cpp', libraries.length > 0 ? 'good' : 'bad', `${name}: ${libraries.length} libraries`);
  } catch {
    return finding('llama.cpp', 'bad', `${name} is not installed`, 'run `npm ci` without --omit=optional');
  }
}

function recipes(config: Config): Finding[] {
  return recipeNames(config.recipesFolder).map((name) => {
    try {
      const { model, environments } = loadRecipe(name, config.recipesFolder);
      return finding(
        `recipe ${name}`,
        'good',
        `model ${modelFile(model, config.policy.modelsFolder)}, environments ${environments.map(({ use }) => use).join(', ')}`,
      );
    } catch (error) {
      return finding(`recipe ${name}`, 'bad', RedQueenError.from(error).message);
    }
  });
}

async function cluster(config: Config): Promise<Finding> {
  const running = await findCluster(config.dataDir);
  if (!running) return finding('cluster', 'good', `none is running over ${config.dataDir}`);
  using client = connect(running.gateway);
  try {
    const { services, page } = await client.cluster();
    const sick = services.filter(({ status }) => status !== 'SERVING').map(({ service, status }) => `${service} is ${status}`);
    return finding(
      'cluster',
      sick.length === 0 ? 'good' : 'bad',
      sick.length === 0 ? `all services are serving; page ${page}` : sick.join(', '),
      sick.length === 0 ? '' : 'see the logs in the data folder',
    );
  } catch (error) {
    return finding(
      'cluster',
      'bad',
      RedQueenError.from(error).message,
      'a cluster should be running there: stop what is left of it and start again',
    );
  }
}

function configuration(options: CommonOptions): { readonly config: Config } | Finding {
  try {
    return { config: loadConfig({ file: options.config, flags: { dataDir: options.data, 'bus.kind': options.bus } }).config };
  } catch (error) {
    return finding('configuration', 'bad', RedQueenError.from(error).message);
  }
}

/** Looks at everything that a run needs on this machine. */
export async function diagnose(options: CommonOptions): Promise<Finding[]> {
  const loaded = configuration(options);
  const general = [node(), machine(), native()];
  if (!('config' in loaded)) return [...general, loaded];
  const { config } = loaded;
  return [
    ...general,
    finding('configuration', 'good', 'valid'),
    nats(config),
    await disk(config),
    ...recipes(config),
    await cluster(config),
  ];
}
