import type { Command } from 'commander';
import type { DeadLetterMessage } from '@redqueen/sdk';
import { withCluster } from '../command.ts';
import { clusterOptions, type CommonOptions } from '../options.ts';
import { messageJson } from '../render/message-json.ts';

interface ListOptions extends CommonOptions {
  readonly run?: string;
}

function verb(dead: Command, name: string, description: string): Command {
  const command = dead.command(name).description(description);
  for (const option of clusterOptions()) command.addOption(option);
  return command;
}

function addList(dead: Command): void {
  verb(dead, 'list', 'list them with their cause')
    .option('--run <run>', 'of one run')
    .action((options: ListOptions) =>
      withCluster(options, { launch: false }, async ({ client }, { terminal }) => {
        const letters = await client.deadLetters(options.run);
        if (options.json) return terminal.print(JSON.stringify(letters));
        if (letters.length === 0) return terminal.print('No dead letters: every message was handled.');
        for (const { id, actor, kind, cause, deliveries } of letters) {
          terminal.print(`${id}  ${kind} to ${actor?.role}/${actor?.key}, tried ${deliveries} times: ${cause}`);
        }
      }),
    );
}

/** A letter as one document: why, how often, and the message itself. */
function documentOf({ letter, message }: DeadLetterMessage): object {
  return { ...letter, actor: letter?.actor && `${letter.actor.role}/${letter.actor.key}`, message: message ?? null };
}

function addShow(dead: Command): void {
  verb(dead, 'show', 'one of them with its whole message, as JSON')
    .argument('<letter>', 'as `dead list` names it')
    .action((letter: string, options: CommonOptions) =>
      withCluster(options, { launch: false }, async ({ client }, { terminal }) => {
        const found = await client.deadLetter(letter);
        terminal.print(messageJson(documentOf(found), options.json ? 0 : 2));
        if (!found.message) terminal.say('Its message cannot be read: it can only be dropped.');
      }),
    );
}

function addRetry(dead: Command): void {
  verb(dead, 'retry', 'tell the actor the message once more; what it told before it failed does not count twice')
    .argument('<letter>', 'as `dead list` names it')
    .action((letter: string, options: CommonOptions) =>
      withCluster(options, { launch: false }, async ({ client }, { terminal }) => {
        const { messageId, waiting } = await client.retryDeadLetter(letter);
        if (options.json) return terminal.print(JSON.stringify({ letter, retried: true, messageId, waiting }));
        const where = waiting ? '; its run is not at work: it waits in the mailbox until the run is resumed' : '';
        terminal.print(`Told again as ${messageId}${where}.`);
      }),
    );
}

function addDrop(dead: Command): void {
  verb(dead, 'drop', 'take it off the list; its message stays unhandled')
    .argument('<letter>', 'as `dead list` names it')
    .action((letter: string, options: CommonOptions) =>
      withCluster(options, { launch: false }, async ({ client }, { terminal }) => {
        await client.dropDeadLetter(letter);
        terminal.print(options.json ? JSON.stringify({ letter, dropped: true }) : `${letter} is dropped.`);
      }),
    );
}

/** `redqueen dead list|show|retry|drop`: messages that could not be handled. */
export function addDead(program: Command): void {
  const dead = program.command('dead').description('messages that could not be handled');
  for (const add of [addList, addShow, addRetry, addDrop]) add(dead);
}
