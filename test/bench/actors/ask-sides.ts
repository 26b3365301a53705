import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { connectRpc } from '@redqueen/runtime';
import { curriculumDefinition } from './ask-definition.ts';
import { drive, type PreparedSide } from './drive.ts';

/** The same unary question in two ways, to a server in another process. */
export interface AskSides extends AsyncDisposable {
  /** `connectRpc` asks `startRpcServer`: deadlines, retries, signals, errors by name. */
  readonly ours: PreparedSide;
  /** A client of grpc-js asks a server of grpc-js, same method and message. */
  readonly raw: PreparedSide;
}

const request = { run: 'bench', count: 4 };

/** Starts the server's process and connects to both of its ports. */
export async function openAskSides(): Promise<AskSides> {
  const child = fork(join(import.meta.dirname, 'ask-server.ts'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [ports] = (await once(child, 'message')) as [{ readonly ours: number; readonly raw: number }];
  const client = connectRpc('CurriculumService', `127.0.0.1:${ports.ours}`);
  const plain = new Client(`127.0.0.1:${ports.raw}`, credentials.createInsecure());
  const method = curriculumDefinition()['Next'] as NonNullable<ReturnType<typeof curriculumDefinition>[string]>;
  const askPlain = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      plain.makeUnaryRequest(method.path, method.requestSerialize, method.responseDeserialize, request, (error, response) =>
        error ? reject(error) : resolve(response),
      );
    });
  return {
    ours: (count) => (window) =>
      drive(
        Array.from({ length: count }, () => request),
        window,
        () => client.Next(request),
      ),
    raw: (count) => (window) =>
      drive(
        Array.from({ length: count }, () => request),
        window,
        askPlain,
      ),
    async [Symbol.asyncDispose]() {
      client.close();
      plain.close();
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}
