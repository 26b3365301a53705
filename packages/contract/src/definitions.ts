import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from '@grpc/proto-loader';

/** The folder that holds the contract's .proto files. */
export const protoFolder = join(import.meta.dirname, '../../../proto');

let loaded: PackageDefinition | undefined;

/** The whole contract as proto-loader reads it: int64 as number, enums as strings, every field defaulted. */
export function packageDefinition(): PackageDefinition {
  if (!loaded) {
    const files = readdirSync(join(protoFolder, 'redqueen/v1')).map((name) => `redqueen/v1/${name}`);
    loaded = loadSync(files, { includeDirs: [protoFolder], longs: Number, enums: String, defaults: true, oneofs: true });
  }
  return loaded;
}

/** Codec of one message type of redqueen.v1. Throws where the type does not exist. */
export function messageType<Input extends object, Output extends object>(name: string): MessageTypeDefinition<Input, Output> {
  const definition = packageDefinition()[`redqueen.v1.${name}`];
  if (!definition || !('serialize' in definition)) throw new Error(`redqueen.v1.${name} is no message type`);
  return definition as unknown as MessageTypeDefinition<Input, Output>;
}
