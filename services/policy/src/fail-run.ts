import { decodeRunRecord, encodeRunRecord, RedQueenError } from '@redqueen/core';
import type { ServiceContext } from '@redqueen/runtime';

/** Ends a run that can never work, e.g. because its base model cannot be opened. A run that has ended already is left as it is. */
export async function failRun({ bus, clock }: ServiceContext, run: string, error: string): Promise<void> {
  const records = await bus.keyValue('rq-runs');
  for (;;) {
    const entry = await records.get(run);
    if (!entry) return;
    const record = decodeRunRecord(Buffer.from(entry.value).toString());
    if (record.status !== 'running' && record.status !== 'stopping') return;
    const failed = encodeRunRecord({ ...record, status: 'failed', error, endedAt: clock.now() });
    try {
      await records.update(run, Buffer.from(failed), entry.revision);
      return;
    } catch (reason) {
      // Somebody else changed it in between: look again.
      if (RedQueenError.from(reason).code !== 'aborted') throw reason;
    }
  }
}
