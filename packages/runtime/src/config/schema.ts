import { z } from 'zod';
import { logLevels } from '../log/logger.ts';

const port = z.int().min(0).max(65535);

/** Where one service listens and is reached. */
const service = (defaultPort: number) =>
  z
    .strictObject({
      /** Name or address under which the others reach it. */
      host: z.string().min(1).default('127.0.0.1'),
      /** 0: any free port (the launcher of a local cluster picks one). */
      port: port.default(defaultPort),
    })
    .prefault({});

/** The schema of the configuration. Unknown keys are refused. */
export const configSchema = z.strictObject({
  /** Folder for everything that a cluster stores; relative to the working directory. */
  dataDir: z.string().min(1).default('.redqueen'),
  /** Folder with recipes; relative to the project. */
  recipesFolder: z.string().min(1).default('config/recipes'),
  /** Address that every service listens on; 0.0.0.0 in a container. */
  listenHost: z.string().min(1).default('127.0.0.1'),
  bus: z
    .strictObject({
      /** nats: a nats-server or an error; memory: one process, nothing survives it; auto: nats where there is one. */
      kind: z.enum(['auto', 'nats', 'memory']).default('auto'),
      /** Server to use, e.g. nats://127.0.0.1:4222, or several of one cluster, comma-separated; empty to start one. Also NATS_URL. */
      url: z.string().default(''),
      /** The nats-server program to start; empty to look for one. Also NATS_SERVER_BIN. */
      serverBinary: z.string().default(''),
      /** Copies of everything stored, each on a NATS server of its own. More than one needs a cluster of at least so many servers. */
      replicas: z.literal([1, 3, 5]).default(1),
    })
    .prefault({}),
  signing: z
    .strictObject({
      /** required: in runs started from now on only rewards count that their service signed; off: rewards are not signed. */
      rewards: z.enum(['required', 'off']).default('required'),
      /** Folder with the services' keys, made on first use; relative to the working directory; empty for keys in the data folder. */
      keysFolder: z.string().default(''),
    })
    .prefault({}),
  log: z.strictObject({ level: z.enum(logLevels).default('info') }).prefault({}),
  services: z
    .strictObject({
      policy: service(7101),
      proposer: service(7102),
      executor: service(7103),
      verifier: service(7104),
      'world-model': service(7105),
      curriculum: service(7106),
      'reward-aggregator': service(7107),
      gateway: service(7108),
    })
    .prefault({}),
  policy: z
    .strictObject({
      /** llama threads of the whole cluster; 0: one a core. */
      threads: z.int().min(0).max(1024).default(0),
      /** Folder with base models; relative to the project. */
      modelsFolder: z.string().min(1).default('config/models'),
      /** MiB a thread for what training keeps between its forward and backward pass; beyond it layers are computed twice. */
      activationMiB: z
        .int()
        .min(0)
        .max(1 << 20)
        .default(512),
      /** How the device samples: by our own decoder (tree), by stock llama.cpp contexts (stock), or by the model (auto). */
      sampling: z.enum(['auto', 'tree', 'stock']).default('auto'),
      /** Seconds without a sign of life after which the llama.cpp process is killed and started again. */
      hangSeconds: z.number().min(1).max(86_400).default(60),
      /** An adapter whose policy is further from the base model's on the canary's prompts is refused; nats a token. */
      maxKlToBase: z.number().positive().default(50),
    })
    .prefault({}),
  gateway: z
    .strictObject({
      /** Address that the live page listens on. */
      pageHost: z.string().min(1).default('127.0.0.1'),
      /** 0: any free port. */
      pagePort: port.default(7100),
    })
    .prefault({}),
});

/** Makes every field of a value read-only, all the way down. */
type Frozen<Value> = Value extends object ? { readonly [Key in keyof Value]: Frozen<Value[Key]> } : Value;

/** The configuration of a process: every default filled in, folders absolute, frozen. */
export type Config = Frozen<z.infer<typeof configSchema>>;
