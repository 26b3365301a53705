import type { Address } from './messages.ts';
import type { Kind } from './event.ts';

const token = /^[A-Za-z0-9_-]+$/;

function checked(name: string, value: string): string {
  if (!token.test(value)) throw new Error(`${name} ${JSON.stringify(value)} must consist of letters, digits, "_" and "-"`);
  return value;
}

/** The kind as it stands in a subject: anchorTask → anchor-task. */
export function kindToken(kind: Kind): string {
  return kind.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Name of a run's stream. */
export function streamOf(run: string): string {
  return `rq-${checked('run', run)}`;
}

/** Where a message is published: rq.<run>.<role>.<key>.<kind>. */
export function subjectOf(run: string, to: Address, kind: Kind): string {
  return `rq.${checked('run', run)}.${checked('role', to.role)}.${checked('key', to.key)}.${kindToken(kind)}`;
}

/** Everything addressed to one actor. */
export function mailboxSubject(run: string, address: Address): string {
  return `rq.${checked('run', run)}.${checked('role', address.role)}.${checked('key', address.key)}.>`;
}

/** Everything in a run. */
export function runSubject(run: string): string {
  return `rq.${checked('run', run)}.>`;
}

/** An address as text: role/key. */
export function addressText(address: Address): string {
  return `${address.role}/${address.key}`;
}

/** Reads role/key. Throws where it is none. */
export function addressOf(text: string): Address {
  const [role, key, ...rest] = text.split('/');
  if (!role || !key || rest.length > 0) throw new Error(`address ${JSON.stringify(text)} must be role/key, e.g. executor/0`);
  return { role: checked('role', role), key: checked('key', key) };
}
