import { join } from 'node:path';

/** Largest message on the bus: a training batch or a chunk of an adapter. */
const maxPayload = '8MB';

/** Where a nats-server keeps what in its data folder. */
export interface ServerFiles {
  readonly config: string;
  readonly store: string;
  readonly ports: string;
  readonly pid: string;
  readonly log: string;
}

/** The files of the nats-server of a data folder. */
export function serverFiles(dataDir: string): ServerFiles {
  const folder = join(dataDir, 'nats');
  return {
    config: join(folder, 'nats-server.conf'),
    store: join(folder, 'jetstream'),
    ports: join(folder, 'ports'),
    pid: join(folder, 'nats-server.pid'),
    log: join(dataDir, 'logs', 'nats-server.log'),
  };
}

/** The configuration file; port 0 for any free one. Paths are quoted as JSON strings, which the format reads. */
export function serverConfig(files: ServerFiles, port: number): string {
  return [
    '# Written by redqueen at every start.',
    'host: "127.0.0.1"',
    `port: ${port === 0 ? -1 : port}`,
    `max_payload: ${maxPayload}`,
    `pid_file: ${JSON.stringify(files.pid)}`,
    `ports_file_dir: ${JSON.stringify(files.ports)}`,
    `jetstream { store_dir: ${JSON.stringify(files.store)} }`,
    '',
  ].join('\n');
}
