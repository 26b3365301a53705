import { addressText, type Message } from '@redqueen/contract';

/** A command told to an actor. */
export interface ControlEntry {
  readonly id: string;
  readonly to: string;
  readonly command: string;
  readonly seconds: number;
}

/** A knob as it was turned last. */
export interface TurnedKnob {
  readonly value: number;
  readonly by: string;
  readonly reason: string;
  readonly seconds: number;
}

/** Commands told so far, knobs by name, and lines for a person. */
export interface Controls {
  entries: ControlEntry[];
  knobs: Record<string, TurnedKnob>;
  notes: { readonly seconds: number; readonly text: string }[];
}

/** How many notes are kept. */
const noteLimit = 60;

/** None yet. */
export function emptyControls(): Controls {
  return { entries: [], knobs: {}, notes: [] };
}

/** The newest command told to the curriculum; undefined before the first. */
export function curriculumCommand({ entries }: Controls): string | undefined {
  return entries.findLast(({ to, command }) => to === 'curriculum/0' && (command === 'start' || command === 'stop'))?.command;
}

function flips(body: { readonly passToFail: number; readonly failToPass: number }): string {
  return `+${body.failToPass} −${body.passToFail} gate anchors`;
}

function noteOf(message: Message): string | undefined {
  switch (message.kind) {
    case 'released': {
      const { agent, version, reason, sourceVersion } = message.body;
      if (reason === 'start') return `${agent} starts from the base model`;
      if (reason === 'rollback' || reason === 'promote')
        return `${agent} v${version} is ${reason === 'rollback' ? 'back at' : 'promoted from'} v${sourceVersion}`;
      return `${agent} v${version} released (${flips(message.body)})`;
    }
    case 'refused':
      return `${message.body.agent} v${message.body.version} refused: ${message.body.reason} (${flips(message.body)})`;
    case 'control':
      return `${message.body.command}${message.body.reason ? `: ${message.body.reason}` : ''}`;
    case 'knob':
      return `${message.body.by} sets ${message.body.name} to ${message.body.value}${message.body.reason ? `: ${message.body.reason}` : ''}`;
    default:
      return undefined;
  }
}

/** Folds one message in. */
export function foldControls(controls: Controls, message: Message, seconds: number): void {
  if (message.kind === 'control') {
    controls.entries.push({ id: message.id, to: addressText(message.to), command: message.body.command, seconds });
  }
  if (message.kind === 'knob') {
    const { name, value, by, reason } = message.body;
    controls.knobs[name] = { value, by, reason, seconds };
  }
  const text = noteOf(message);
  if (text === undefined || controls.notes.at(-1)?.text === text) return;
  controls.notes.push({ seconds, text });
  if (controls.notes.length > noteLimit) controls.notes.shift();
}
