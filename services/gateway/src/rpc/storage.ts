import type { DescribeRunResponseInput } from '@redqueen/contract';
import { RedQueenError, type RunRecord } from '@redqueen/core';
import { archiveRun, importArchive, removeTraces, storedFiles, type Handlers } from '@redqueen/runtime';
import { recordOf, type Gateway } from '../gateway.ts';
import { removeRunFolder, runDocuments, runFiles, writeDocument } from '../run-control/files.ts';
import { Uploads } from '../runs/uploads.ts';
import { isLive } from '../runs/views.ts';
import { runMessage } from './run-message.ts';

type StorageHandlers = Pick<Handlers<'GatewayService'>, 'DescribeRun' | 'ArchiveRun' | 'ImportRun' | 'RemoveRun'>;

async function description(gateway: Gateway, record: RunRecord): Promise<DescribeRunResponseInput> {
  const { bus, config } = gateway.context;
  const { run } = record;
  const [stream, stored, documents, letters] = await Promise.all([
    bus.storage(run).size(),
    storedFiles(bus, run),
    runFiles(config.dataDir, run),
    gateway.deadLetters.list(run),
  ]);
  return {
    run: await runMessage(gateway, record),
    messages: stream.messages,
    streamBytes: stream.bytes,
    ...stored,
    documents: documents.map(({ name }) => name),
    documentBytes: documents.reduce((sum, { bytes }) => sum + bytes, 0),
    deadLetters: letters.length,
  };
}

/** From here on nobody can resume it; a removal that is cut off says what it was. */
function condemned(record: RunRecord): RunRecord {
  if (isLive(record))
    throw new RedQueenError('failed_precondition', `run ${record.run} is ${record.status}: stop it first, \`redqueen stop ${record.run}\``);
  return { ...record, status: 'failed', error: `its removal was begun; \`redqueen runs rm ${record.run}\` finishes it` };
}

async function remove(gateway: Gateway, run: string): Promise<void> {
  const { bus, config, logger } = gateway.context;
  await recordOf(gateway, run);
  await gateway.runs.update(run, condemned);
  await gateway.views.forget(run);
  await removeRunFolder(config.dataDir, run);
  await removeTraces(bus, run);
  logger.info({ run }, `run ${run} is removed`);
}

/** RPCs about runs as things that are kept: what they store, archives, removal. */
export function storageHandlers(gateway: Gateway): StorageHandlers {
  const { bus, clock, config, logger } = gateway.context;
  const uploads = new Uploads(config.dataDir);
  return {
    DescribeRun: async ({ run }) => description(gateway, await recordOf(gateway, run)),
    ArchiveRun: async function* ({ run }) {
      const record = await recordOf(gateway, run);
      for await (const data of archiveRun({ bus, clock, record, documents: runDocuments(config.dataDir, run) }))
        yield { data: Buffer.from(data) };
    },
    ImportRun: async (request) => {
      const file = await uploads.take(request);
      if (file === undefined) return {};
      try {
        const record = await importArchive(bus, file, (run, name, bytes) => writeDocument(config.dataDir, run, name, bytes));
        await gateway.views.forget(record.run);
        logger.info({ run: record.run }, `run ${record.run} is imported`);
        return { run: await runMessage(gateway, record) };
      } finally {
        await uploads.drop(request.upload);
      }
    },
    RemoveRun: async ({ run }) => {
      await remove(gateway, run);
      return {};
    },
  };
}
