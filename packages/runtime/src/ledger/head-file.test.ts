import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../log/logger.ts';
import { systemClock } from '../system/clock.ts';
import { HeadFile, headFileOf, readHead, type HeadSeal, type LedgerHead } from './head-file.ts';
import { messageDigest } from './stream-chain.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'redqueen-head-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const options = { clock: systemClock, logger: silentLogger };
const headAt = (sequence: number): LedgerHead => ({
  run: 'r',
  startedAt: 1,
  epoch: 1,
  sequence,
  digest: messageDigest(Buffer.from(`${sequence}`)),
  settlement: 2,
  settlementDigest: messageDigest(Buffer.from('settled')),
});

function flip(path: string, byte: number): void {
  const bytes = readFileSync(path);
  bytes[byte] = (bytes[byte] as number) ^ 4;
  writeFileSync(path, bytes);
}

describe('a head file', () => {
  it('holds what was noted last within a turn of the event loop, and goes on in the other slot', async () => {
    const path = headFileOf(folder, 'r');
    expect(readHead(path)).toBeUndefined();
    const first = new HeadFile(path, options);
    first.note(headAt(1));
    first.note(headAt(2));
    await setImmediate();
    expect(readHead(path)).toEqual(headAt(2));
    first.close();
    const second = new HeadFile(path, options);
    second.note(headAt(3));
    second.close();
    flip(path, readFileSync(path, 'latin1').indexOf('"sequence":3') + 11);
    expect(readHead(path)).toEqual(headAt(2));
  });

  it('W1: a slot that is damaged or half written leaves the one before it, and two are refused', () => {
    const path = join(folder, 'ledger.head');
    const file = new HeadFile(path, options);
    for (const sequence of [1, 2]) {
      file.note(headAt(sequence));
      file.flush();
    }
    file.close();
    writeFileSync(path, readFileSync(path).subarray(0, 1300));
    expect(readHead(path)?.sequence).toBe(1);
    flip(path, 40);
    expect(() => readHead(path)).toThrow(/ledger\.head is damaged/);
  });

  it('takes no head whose seal is another’s', () => {
    const sealOf = (key: string): HeadSeal => ({
      seal: (bytes) => messageDigest(Buffer.concat([Buffer.from(key), bytes])),
      isGenuine: (bytes, seal) => seal === messageDigest(Buffer.concat([Buffer.from(key), bytes])),
    });
    const path = join(folder, 'ledger.head');
    const file = new HeadFile(path, { ...options, seal: sealOf('ours') });
    file.note(headAt(9));
    file.close();
    expect(readHead(path, sealOf('ours'))?.sequence).toBe(9);
    expect(() => readHead(path, sealOf('theirs'))).toThrow(/is damaged/);
  });
});
