import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { RedQueenError } from '@redqueen/core';
import type { Command } from 'commander';
import { withCluster } from '../command.ts';
import { clusterOptions, toWholeNumber, wholeNumber, type CommonOptions } from '../options.ts';
import { textTable } from '../render/text-table.ts';
import { chosenRun } from '../session.ts';

interface AgentOptions extends CommonOptions {
  readonly run?: string;
  readonly version?: number;
  readonly samples?: number;
  readonly temperature?: string;
  readonly maxTokens?: number;
  readonly seed?: number;
  readonly stop?: readonly string[];
  readonly schema?: string;
  readonly grammar?: string;
  readonly chat?: boolean;
  readonly system?: string;
  readonly out?: string;
  readonly reason?: string;
}

/** "executor" is short for "executor/0". */
function agentName(name: string): string {
  return name.includes('/') ? name : `${name}/0`;
}

function agentCommand(program: Command, name: string, description: string): Command {
  const command = program.command(name).description(description).option('--run <run>', 'the newest when left out');
  for (const option of clusterOptions()) command.addOption(option);
  return command;
}

/** A file's text. Throws `not_found` naming the option. */
async function textOf(option: string, file: string): Promise<string> {
  return readFile(resolve(file), 'utf8').catch((cause: unknown) => {
    throw new RedQueenError('not_found', `--${option}: ${file} cannot be read`, { cause });
  });
}

/** A file's JSON Schema. Throws `invalid_argument` where it is no JSON object. */
async function schemaOf(file: string): Promise<object> {
  const text = await textOf('schema', file);
  try {
    return Object(JSON.parse(text)) as object;
  } catch (cause) {
    throw new RedQueenError('invalid_argument', `--schema: ${file} is no JSON: ${(cause as Error).message}`, { cause });
  }
}

/** What an answer must be, as the options say. */
async function formOf({ stop, schema, grammar }: AgentOptions) {
  return {
    ...(stop !== undefined && { stopTexts: stop }),
    ...(schema !== undefined && { schema: await schemaOf(schema) }),
    ...(grammar !== undefined && { grammar: await textOf('grammar', grammar) }),
  };
}

/** The prompt as it is, or as the user's message in a conversation. */
function askedAs(prompt: string, { chat, system }: AgentOptions) {
  if (chat !== true && system === undefined) return { prompt };
  return { messages: [...(system === undefined ? [] : [{ role: 'system', content: system }]), { role: 'user', content: prompt }] };
}

function addAsk(program: Command): void {
  agentCommand(program, 'ask', 'ask an agent to continue a text, or to answer in a conversation')
    .argument('<agent>', 'e.g. executor')
    .argument('<prompt>', 'exactly as its role reads it, e.g. "37+45="')
    .option('--version <number>', 'version (default: the released one)', wholeNumber('version', 0))
    .option('--samples <number>', 'how many answers', wholeNumber('samples', 1), 1)
    .option('--temperature <number>', '0 is greedy', '0')
    .option('--max-tokens <number>', 'at most this many tokens', wholeNumber('max-tokens', 1), 16)
    .option('--seed <number>', 'seed of the sampling', wholeNumber('seed', 0), 0)
    .option('--stop <text>', 'end an answer before this text; may be given several times', (text: string, before: string[] = []) => [
      ...before,
      text,
    ])
    .option('--schema <file>', 'a JSON Schema that the answer fulfils')
    .option('--grammar <file>', 'a grammar in GBNF that the answer follows')
    .option('--chat', 'send the prompt as a message, by the model’s own chat template')
    .option('--system <text>', 'a system message before it (implies --chat)')
    .action((agent: string, prompt: string, options: AgentOptions) =>
      withCluster(options, { launch: false }, async ({ client }, { terminal }) => {
        const { run } = await chosenRun(client, options.run);
        const { version, samples = 1, maxTokens = 16, seed = 0 } = options;
        const temperature = Number(options.temperature ?? 0);
        const { group } = await client.ask({
          run,
          agent: agentName(agent),
          ...askedAs(prompt, options),
          ...(await formOf(options)),
          samples,
          maxTokens,
          seed,
          temperature,
          ...(version === undefined ? {} : { version }),
        });
        if (options.json) return terminal.print(JSON.stringify({ run, ...group }));
        for (const sample of group?.samples ?? []) terminal.print(sample.text);
        terminal.say(`(${group?.policy?.agent} v${group?.policy?.version} of run ${run})`);
      }),
    );
}

function addVersions(program: Command): void {
  agentCommand(program, 'versions', 'the lineage of an agent, or of all')
    .argument('[agent]')
    .action((agent: string | undefined, options: AgentOptions) =>
      withCluster(options, { launch: false }, async ({ client }, { terminal }) => {
        const { run } = await chosenRun(client, options.run);
        const versions = await client.versions(run, agent === undefined ? '' : agentName(agent));
        if (options.json) return terminal.print(JSON.stringify(versions));
        const rows = versions.map((entry) => [
          entry.agent,
          `v${entry.version}`,
          entry.status,
          entry.reason,
          `v${entry.parent}`,
          String(entry.updates),
          entry.adapterHash.slice(0, 12),
        ]);
        for (const line of textTable(['agent', 'version', 'state', 'why', 'parent', 'updates', 'adapter'], rows, [
          'left',
          'right',
          'left',
          'left',
          'right',
          'right',
        ]))
          terminal.print(line);
      }),
    );
}

function addMove(program: Command, name: 'rollback' | 'promote', description: string): void {
  agentCommand(program, name, description)
    .argument('<agent>', 'e.g. executor')
    .argument('<version>', 'its number')
    .option('--reason <text>', 'why, for the record', 'asked for on the command line')
    .action((agent: string, version: string, options: AgentOptions) =>
      withCluster(options, { launch: false }, async ({ client }, { terminal }) => {
        const { run } = await chosenRun(client, options.run);
        const number = toWholeNumber('version', version.replace(/^v/, ''), 0);
        const made = await client[name]({ run, agent: agentName(agent), version: number, reason: options.reason ?? '' });
        if (options.json) return terminal.print(JSON.stringify({ run, ...made }));
        terminal.print(`${made.agent} is now v${made.version}, which has the adapter of v${number}.`);
      }),
    );
}

function addExport(program: Command): void {
  agentCommand(program, 'export', 'write an agent’s adapter as a GGUF LoRA file')
    .argument('<agent>', 'e.g. executor')
    .option('--version <number>', 'version (default: the released one)', wholeNumber('version', 0))
    .option('--out <file>', 'file to write (default: <agent>-v<version>.gguf)')
    .action((agent: string, options: AgentOptions) =>
      withCluster(options, { launch: false }, async ({ client }, { terminal }) => {
        const { run } = await chosenRun(client, options.run);
        const { gguf, policy } = await client.downloadAdapter(run, agentName(agent), options.version);
        const file = resolve(options.out ?? `${agentName(agent).replaceAll('/', '-')}-v${policy?.version}.gguf`);
        await writeFile(file, gguf);
        terminal.print(options.json ? JSON.stringify({ run, file, ...policy }) : file);
      }),
    );
}

/** Commands about agents: ask, versions, rollback, promote, export. */
export function addAgents(program: Command): void {
  addAsk(program);
  addVersions(program);
  addMove(program, 'rollback', 'go back to an earlier version; training goes on from there');
  addMove(program, 'promote', 'make an archived version the agent’s policy');
  addExport(program);
}
