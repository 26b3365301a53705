import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MetadataEntry, ValueTypeName } from '../gguf/format.ts';
import { parseGguf } from '../gguf/reader.ts';
import { encodeGguf, writeFileWhole } from '../gguf/writer.ts';
import { writeTinyModel } from './tiny-model.ts';

/** Writes the tiny model as one of another architecture: metadata keys renamed, `more` added, the embedding doing the work of the head too. Returns its path. */
export function rewriteTinyModel(folder: string, architecture: string, more: readonly MetadataEntry[] = []): string {
  const bytes = readFileSync(writeTinyModel(folder));
  const header = parseGguf(bytes, 'tiny');
  const metadata = [...header.metadata].map(([key, value]): MetadataEntry => {
    const [type, elements] = (header.types.get(key) ?? '').split(':') as [ValueTypeName, ValueTypeName | undefined];
    const entry = { key: key.replace(/^llama\./, `${architecture}.`), type, value: key === 'general.architecture' ? architecture : value };
    return elements === undefined ? entry : { ...entry, elements };
  });
  const kept = header.tensors.filter(({ name }) => name !== 'output.weight');
  const tensors = kept.map(({ name, shape, offset, bytes: length }) => ({
    name,
    shape,
    data: new Float32Array(bytes.buffer.slice(bytes.byteOffset + offset, bytes.byteOffset + offset + length)),
  }));
  const path = join(folder, `tiny-${architecture}.gguf`);
  writeFileWhole(path, encodeGguf([...metadata, ...more], tensors));
  return path;
}
