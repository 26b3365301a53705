import { RedQueenError } from '@redqueen/core';
import { commandLine, healthProbe, isAlive } from '@redqueen/runtime';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the lock file of a data folder says of the cluster over it. */
export interface ClusterFile {
  /** The launcher. */
  readonly pid: number;
  /** Its command line: a number alone may belong to another process after a restart of the machine. */
  readonly command: string;
  /** Address of the gateway; absent while the cluster is starting. */
  readonly gateway?: string;
  readonly page?: string;
  readonly kind?: 'nats' | 'memory';
}

/** The claim on a data folder. */
export interface FolderLock {
  /** Tells others where the cluster is. */
  announce(cluster: Required<Pick<ClusterFile, 'gateway' | 'page' | 'kind'>>): void;
  release(): void;
}

function fileOf(dataDir: string): string {
  return join(dataDir, 'cluster.json');
}

function read(file: string): { text: string; cluster: ClusterFile } | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return { text, cluster: JSON.parse(text) as ClusterFile };
  } catch {
    // Cut off by a full disk or a crash: nobody's.
    return { text, cluster: { pid: 0, command: '' } };
  }
}

function isHeld({ pid, command }: ClusterFile): boolean {
  return pid > 0 && isAlive(pid) && commandLine(pid) === command;
}

/** Puts a lock whose holder is gone aside. Another launcher may do the same: what was moved must be what was seen, else it is put back. */
function removeStale(file: string, seen: string): void {
  const aside = `${file}.stale-${process.pid}`;
  try {
    renameSync(file, aside);
    if (readFileSync(aside, 'utf8') !== seen) linkSync(aside, file);
  } catch {
    // Somebody else was faster.
  }
  rmSync(aside, { force: true });
}

/**
 * Claims a data folder for a cluster of this process; the lock of a process that is gone is taken over.
 * Throws `failed_precondition` where another cluster is at work over it.
 */
export function lockFolder(dataDir: string): FolderLock {
  mkdirSync(dataDir, { recursive: true });
  const file = fileOf(dataDir);
  const mine: ClusterFile = { pid: process.pid, command: commandLine(process.pid) };
  for (;;) {
    try {
      writeFileSync(file, JSON.stringify(mine), { flag: 'wx' });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const other = read(file);
    if (other && isHeld(other.cluster)) {
      const message = `${dataDir} is in use by the cluster of process ${other.cluster.pid}; stop it, or choose another folder with --data`;
      throw new RedQueenError('failed_precondition', message);
    }
    if (other) removeStale(file, other.text);
  }
  return {
    announce(cluster) {
      writeFileSync(`${file}.new`, JSON.stringify({ ...mine, ...cluster }));
      renameSync(`${file}.new`, file);
    },
    release: () => rmSync(file, { force: true }),
  };
}

/** The cluster over a data folder, if one is up and its gateway answers. */
export async function findCluster(dataDir: string): Promise<Required<ClusterFile> | undefined> {
  const cluster = read(fileOf(dataDir))?.cluster;
  if (!cluster?.gateway || !isHeld(cluster)) return undefined;
  const probe = healthProbe(cluster.gateway);
  try {
    return (await probe.check(2000)) === 'UNREACHABLE' ? undefined : (cluster as Required<ClusterFile>);
  } finally {
    probe.close();
  }
}
