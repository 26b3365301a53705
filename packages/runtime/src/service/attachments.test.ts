import { RedQueenError, resolveRecipe, type Clock, type RunRecord } from '@redqueen/core';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { projectFolder } from '../config/load.ts';
import { silentLogger } from '../log/logger.ts';
import { Attachments } from './attachments.ts';

const recipe = resolveRecipe(parse(readFileSync(join(projectFolder, 'config/recipes/default.yaml'), 'utf8')));
const record = (run: string, status: RunRecord['status']): RunRecord => ({ run, recipe, seed: 1, updates: 1, status, startedAt: 0 });
const turn = () => new Promise((resolve) => setImmediate(resolve));
/** Time passes at once. */
const clock: Clock = { now: () => 0, sleep: (_, signal) => turn().then(() => signal?.throwIfAborted()) };

let events: string[];
let failures: number;
let mayStop: Promise<void>;
let attachments: Attachments;
beforeEach(() => {
  events = [];
  failures = 0;
  mayStop = Promise.resolve();
  attachments = new Attachments({
    clock,
    logger: silentLogger,
    async refuse({ run }, { message }) {
      events.push(`refuse ${run}: ${message}`);
    },
    async attach({ run }) {
      if (run === 'faulty') throw new RedQueenError('invalid_argument', 'unknown option');
      if (failures-- > 0) throw new RedQueenError('unavailable', 'not yet');
      events.push(`start ${run}`);
      return {
        actors: 1,
        async stop() {
          await mayStop;
          events.push(`stop ${run}`);
        },
      };
    },
  });
});

describe('attachments', () => {
  it('start with a running run, once, and end with it', async () => {
    attachments.update(record('a', 'running'));
    attachments.update(record('a', 'running'));
    await turn();
    expect(attachments.runs).toEqual(['a']);
    attachments.update(record('a', 'finished'));
    attachments.update(record('b', 'stopped'));
    await turn();
    expect(events).toEqual(['start a', 'stop a']);
    expect(attachments.runs).toEqual([]);
  });

  it('are tried again as long as the run is under way', async () => {
    failures = 3;
    attachments.update(record('a', 'running'));
    while (events.length === 0) await turn();
    expect(events).toEqual(['start a']);
    failures = Number.POSITIVE_INFINITY;
    attachments.update(record('b', 'running'));
    await turn();
    attachments.update(record('b', 'stopped'));
    await attachments.stop();
    expect(events).toEqual(['start a', 'stop a']);
  });

  it('of a recipe that this service can never work with end the run with the reason', async () => {
    attachments.update(record('faulty', 'running'));
    while (events.length === 0) await turn();
    attachments.update(record('faulty', 'failed'));
    await attachments.stop();
    expect(events).toEqual(['refuse faulty: unknown option']);
  });

  it('of a run resumed at once wait for the end of the old ones', async () => {
    const gate = Promise.withResolvers<void>();
    mayStop = gate.promise;
    attachments.update(record('a', 'running'));
    await turn();
    attachments.update(record('a', 'stopped'));
    attachments.update(record('a', 'running'));
    await turn();
    expect(events).toEqual(['start a']);
    gate.resolve();
    await turn();
    expect(events).toEqual(['start a', 'stop a', 'start a']);
  });

  it('all end with the service, also those that are still starting', async () => {
    attachments.update(record('a', 'running'));
    attachments.update(record('b', 'running'));
    await turn();
    attachments.update(record('c', 'running'));
    await attachments.stop();
    expect(events.toSorted()).toEqual(['start a', 'start b', 'stop a', 'stop b']);
    expect(attachments.runs).toEqual([]);
  });
});
