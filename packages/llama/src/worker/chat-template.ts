import { Template } from '@huggingface/jinja';
import { RedQueenError } from '@redqueen/core';
import type { ChatMessage } from './protocol.ts';

/** A special token as texts spell it. */
export interface SpecialToken {
  readonly token: number;
  readonly text: string;
  /** Whether white space before or after it belongs to it. */
  readonly stripsLeft: boolean;
  readonly stripsRight: boolean;
}

/** A piece of a rendered conversation: a special token of the template, or plain text in which nothing is special. */
export type ChatPiece = { readonly token: number } | { readonly text: string };

/** A conversation as the model was taught to read it, up to where its answer begins. */
export interface RenderedChat {
  readonly text: string;
  readonly pieces: readonly ChatPiece[];
}

/** First and last of 32 code points that Unicode reserves for the inside of programs: no text for interchange holds them. */
const [firstGuard, lastGuard] = [0xfdd0, 0xfdef];

/** A model's own chat template (Jinja, as in `tokenizer.chat_template`). */
export class ChatTemplate {
  readonly #template: Template;
  readonly #names: { readonly bos_token: string; readonly eos_token: string };
  readonly #specials: ReadonlyMap<string, SpecialToken>;
  /** Finds the text of any special token, the longest first; null where there are none. */
  readonly #pattern: string | null;

  /** `begin`, `end`: the texts of the tokens that begin and end a text. Throws `failed_precondition` for a template that is no Jinja. */
  constructor(source: string, specials: readonly SpecialToken[], begin: string, end: string) {
    try {
      this.#template = new Template(source);
    } catch (cause) {
      throw new RedQueenError(
        'failed_precondition',
        `messages: the model's chat template is broken (${(cause as Error).message}); use text`,
        { cause },
      );
    }
    this.#names = { bos_token: begin, eos_token: end };
    const spelled = specials.filter(({ text }) => text !== '').toSorted((a, b) => b.text.length - a.text.length);
    this.#specials = new Map(spelled.map((special) => [special.text, special]));
    this.#pattern = spelled.length === 0 ? null : spelled.map(({ text }) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|');
  }

  /**
   * Renders a conversation with the beginning of the model's answer. Special tokens that a message's content spells stay text. `field` names the
   * messages in errors. Throws `invalid_argument` where the template refuses them.
   */
  render(messages: readonly ChatMessage[], field: string): RenderedChat {
    const [open, close] = guardsFor(messages, field);
    const special = this.#pattern;
    const guarded = messages.map(({ role, content }) => ({
      role,
      content: special === null ? content : content.replaceAll(new RegExp(special, 'g'), `${open}$&${close}`),
    }));
    const rendered = this.#rendered(guarded, field);
    const pieces: ChatPiece[] = [];
    let plain = '';
    let stripped = false;
    const addPlain = (text: string): void => {
      plain += stripped && plain === '' ? text.trimStart() : text;
    };
    const flush = (strip: boolean): void => {
      const text = strip ? plain.trimEnd() : plain;
      if (text !== '') pieces.push({ text });
      plain = '';
    };
    const separator = new RegExp(`(${open}[^${close}]*${close}${special === null ? '' : `|${special}`})`, 'g');
    for (const [index, part] of rendered.split(separator).entries()) {
      const token = index % 2 === 1 ? this.#specials.get(part) : undefined;
      if (token === undefined) addPlain(part.replaceAll(open, '').replaceAll(close, ''));
      else {
        flush(token.stripsLeft);
        pieces.push({ token: token.token });
        stripped = token.stripsRight;
      }
    }
    flush(false);
    return { text: rendered.replaceAll(open, '').replaceAll(close, ''), pieces };
  }

  #rendered(messages: readonly ChatMessage[], field: string): string {
    try {
      return this.#template.render({ messages, add_generation_prompt: true, ...this.#names });
    } catch (cause) {
      throw new RedQueenError('invalid_argument', `${field}: the model's chat template refuses them: ${(cause as Error).message}`, {
        cause,
      });
    }
  }
}

/** Two characters that no message holds. */
function guardsFor(messages: readonly ChatMessage[], field: string): readonly [string, string] {
  const all = Array.from({ length: lastGuard - firstGuard + 1 }, (_, index) => String.fromCodePoint(firstGuard + index));
  const [open, close] = all.filter((guard) => !messages.some(({ content }) => content.includes(guard)));
  if (open === undefined || close === undefined)
    throw new RedQueenError('invalid_argument', `${field}: the contents hold the noncharacters U+FDD0 to U+FDEF; leave them out`);
  return [open, close];
}
