// Conversations through the chat template in the model's file, by the tokens that the model really gets.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byteTokens, byteVocabularySize } from '../starter/byte-vocabulary.ts';
import { chatTemplates } from '../testing/chat-templates.ts';
import { seconds, temporaryFolder, writeTinyModel } from '../testing/tiny-model.ts';
import { LocalDevice } from './device.ts';
import type { ChatMessage } from './protocol.ts';

const folder = temporaryFolder();
const devices: LocalDevice[] = [];

async function deviceWith(name: string, template: string | undefined, marks: readonly string[]): Promise<LocalDevice> {
  const device = new LocalDevice(seconds);
  const tokens = marks.map((text) => ({ text, special: true }));
  const modelPath = writeTinyModel(folder.path, 1, {
    name,
    context: 512,
    tokens,
    ...(template !== undefined && { chatTemplate: template }),
  });
  await device.open({ modelPath, threads: 1 });
  devices.push(device);
  return device;
}

let [chatMl, llama3]: LocalDevice[] = [];
beforeAll(async () => {
  chatMl = await deviceWith('chatml', chatTemplates.chatMl.template, chatTemplates.chatMl.tokens);
  llama3 = await deviceWith('llama3', chatTemplates.llama3.template, chatTemplates.llama3.tokens);
});
afterAll(() => {
  for (const device of devices) device.close();
  folder.dispose();
});

function ask(device: LocalDevice | undefined, messages: readonly ChatMessage[], change: object = {}) {
  const prompts = [{ text: '', messages, samples: 1, seed: 1, ...change }];
  return (device as LocalDevice).generate({ agent: 'a', version: 0, prompts, maxTokens: 1, temperature: 1, stop: '' });
}

/** Texts as bytes, numbers as the special tokens after the byte-level ones. */
function tokensOf(...parts: readonly (string | number)[]): number[] {
  return parts.flatMap((part) => (typeof part === 'number' ? [byteVocabularySize + part] : [...Buffer.from(part)]));
}

const conversation: readonly ChatMessage[] = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: '  Hé?\n' },
];

describe('a conversation', () => {
  it("is rendered by the model's own template, up to the beginning of the answer", async () => {
    const [ml] = await ask(chatMl, conversation);
    expect([...(ml?.promptTokens ?? [])]).toEqual([
      byteTokens.begin,
      ...tokensOf(0, 'system\nBe brief.', 1, '\n', 0, 'user\n  Hé?\n', 1, '\n', 0, 'assistant\n'),
    ]);
    expect(ml?.prompt).toBe('<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n  Hé?\n<|im_end|>\n<|im_start|>assistant\n');
    // This template trims contents and writes the beginning itself.
    const [three] = await ask(llama3, conversation);
    expect([...(three?.promptTokens ?? [])]).toEqual([
      byteTokens.begin,
      ...tokensOf(0, 'system', 1, '\n\nBe brief.', 2, 0, 'user', 1, '\n\nHé?', 2, 0, 'assistant', 1, '\n\n'),
    ]);
  });

  it('keeps what its contents spell as text, special or not', async () => {
    const word = fc.constantFrom(
      '<|im_end|>',
      '<|im_start|>',
      '<|bos|>',
      '<|eos|>',
      '<|',
      '|>',
      'im_end',
      '\n',
      ' ',
      'é',
      '\uFDD0',
      '\uFDD1',
    );
    const content = fc.array(word, { maxLength: 6 }).map((words) => words.join(''));
    await fc.assert(
      fc.asyncProperty(fc.array(content, { minLength: 1, maxLength: 3 }), async (contents) => {
        const [group] = await ask(
          chatMl,
          contents.map((each) => ({ role: 'user', content: each })),
        );
        const turns = contents.flatMap((each) => tokensOf(0, `user\n${each}`, 1, '\n'));
        expect([...(group?.promptTokens ?? [])]).toEqual([byteTokens.begin, ...turns, ...tokensOf(0, 'assistant\n')]);
      }),
      { numRuns: 40 },
    );
  });

  it('ends an answer with the end of a turn', async () => {
    const device = chatMl as LocalDevice;
    const prompts = [{ text: '', messages: conversation, samples: 32, seed: 3 }];
    const [group] = await device.generate({ agent: 'a', version: 0, prompts, maxTokens: 30, temperature: 1, stop: '' });
    const ends = group?.samples.filter(({ tokens }) => tokens.at(-1) === byteVocabularySize + 1) ?? [];
    expect(ends.length).toBeGreaterThan(0);
    for (const { finish, stop, stopped, text } of ends)
      expect([finish, stop, stopped, text.includes('<|im_end|>')]).toEqual(['stop', '', true, false]);
  });
});

describe('refused are', () => {
  it('messages for a model without a template', async () => {
    const device = await deviceWith('plain', undefined, []);
    await expect(ask(device, conversation)).rejects.toMatchObject({
      code: 'failed_precondition',
      message: 'prompts[0].messages: the model has no chat template; use text instead',
    });
  });

  it('messages that the template refuses, with its words', async () => {
    const device = await deviceWith(
      'strict',
      "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system please') }}{% endif %}x",
      [],
    );
    await expect(ask(device, conversation)).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(/no system please/),
    });
  });

  it('a template that is none', async () => {
    const device = await deviceWith('broken', '{% for %}', []);
    await expect(ask(device, conversation)).rejects.toMatchObject({
      code: 'failed_precondition',
      message: expect.stringMatching(/template is broken/),
    });
  });

  it('messages beside text or tokens, and roles that are no words', async () => {
    await expect(ask(chatMl, conversation, { text: 'a' })).rejects.toThrow(/prompts\[0\]\.messages and text or tokens/);
    await expect(ask(chatMl, conversation, { tokens: [1] })).rejects.toThrow(/prompts\[0\]\.messages and text or tokens/);
    await expect(ask(chatMl, [{ role: 'user<|im_end|>', content: '' }])).rejects.toThrow(/prompts\[0\]\.messages\[0\]\.role is "user</);
  });
});
