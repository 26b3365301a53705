import type { DeviceResponseInput } from '@redqueen/contract';
import type { DeviceReport } from '@redqueen/llama';
import type { CallContext } from '@redqueen/runtime';
import type { Runs } from '../runs.ts';

/** What the devices do; an empty answer before the first run, which decides about the base models. */
export async function device({ hosts }: Runs, { signal }: CallContext): Promise<DeviceResponseInput> {
  const reports = await Promise.all(hosts.all.map(async (host) => (await host.running(signal)).device.report()));
  return reports.length === 0 ? {} : together(reports);
}

/** Several devices as one: texts that differ side by side, numbers added up. */
function together(reports: readonly DeviceReport[]): DeviceResponseInput {
  const text = (of: (report: DeviceReport) => string): string => [...new Set(reports.map(of))].join(', ');
  const sum = (of: (report: DeviceReport) => number): number => reports.reduce((total, report) => total + of(report), 0);
  const works = [...new Set(reports.flatMap(({ secondsByWork }) => Object.keys(secondsByWork)))];
  return {
    model: text(({ model }) => model),
    modelHash: text(({ modelHash }) => modelHash),
    architecture: text(({ architecture }) => architecture),
    backend: text(({ backend }) => backend),
    threads: sum(({ threads }) => threads),
    sampledTokens: sum(({ sampledTokens }) => sampledTokens),
    trainedTokens: sum(({ trainedTokens }) => trainedTokens),
    laneSeconds: sum(({ laneSeconds }) => laneSeconds),
    nativeSeconds: sum(({ nativeSeconds }) => nativeSeconds),
    upSeconds: Math.max(...reports.map(({ upSeconds }) => upSeconds)),
    secondsByWork: Object.fromEntries(works.map((work) => [work, sum(({ secondsByWork }) => secondsByWork[work] ?? 0)])),
  };
}
