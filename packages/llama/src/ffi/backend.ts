import { RedQueenError } from '@redqueen/core';
import koffi from 'koffi';
import { backends, type Pointer } from './ggml.ts';
import { backendFolder } from './libraries.ts';

const cpuDevice = 0;
const setThreads = koffi.proto('void ggml_set_threads_proto(P backend, int threads)');

/** Registers ggml's backends once; node-llama-cpp in the same process shares the registry. */
export function loadBackends(): void {
  if (Number(backends.count()) === 0) backends.loadAll(backendFolder);
}

function device(): Pointer {
  loadBackends();
  const found = backends.deviceByType(cpuDevice);
  if (found === null)
    throw new RedQueenError('failed_precondition', `ggml: no CPU backend loads from ${backendFolder}; this processor may be too old`);
  return found;
}

/** The device's name and description, e.g. "CPU (Intel(R) Xeon(R))". */
export function deviceLabel(): string {
  return `${backends.deviceName(device())} (${backends.deviceDescription(device()).trim()})`;
}

/** A CPU backend of its own that computes on the calling thread alone. */
export function newSingleThreadBackend(): Pointer {
  const cpu = device();
  const backend = backends.init(cpu, null);
  const setter = backends.procedure(backends.registryOf(cpu), 'ggml_backend_set_n_threads');
  if (backend === null || setter === null)
    throw new RedQueenError('failed_precondition', 'ggml: the CPU backend does not start; reinstall node-llama-cpp');
  koffi.call(setter, setThreads, backend, 1);
  return backend;
}

/** Computes a graph on koffi's worker threads; the event loop goes on. Rejects with `internal` where ggml reports a failure. */
export function computeGraph(backend: Pointer, graph: Pointer): Promise<void> {
  return new Promise((resolve, reject) => {
    backends.compute.async(backend, graph, (error: unknown, status: number) => {
      if (error !== null && error !== undefined) reject(RedQueenError.from(error));
      else if (status !== 0) reject(new RedQueenError('internal', `ggml: computing a graph failed with status ${status}`));
      else resolve();
    });
  });
}

/** As `computeGraph`, on this thread, for start-up work. */
export function computeGraphNow(backend: Pointer, graph: Pointer): void {
  const status = backends.compute(backend, graph);
  if (status !== 0) throw new RedQueenError('internal', `ggml: computing a graph failed with status ${status}`);
}
