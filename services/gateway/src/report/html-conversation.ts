import type { Conversation, ConversationTurn } from '@redqueen/core';
import { escapeHtml } from './svg.ts';

const signed = (value: number): string => `${value > 0 ? '+' : value < 0 ? '−' : ''}${Math.abs(value).toFixed(2)}`;
const tone = (value: number): string => (value > 0 ? 'plus' : value < 0 ? 'minus' : '');

function chips({ rewards, total, advantage }: ConversationTurn): string {
  const terms = rewards.map(
    ({ term, value, evidence }) => `<span class="chip" title="${escapeHtml(evidence)}">${escapeHtml(term)} ${signed(value)}</span>`,
  );
  const sum = total === undefined ? '' : `<span class="chip">reward ${signed(total)}</span>`;
  const credit = advantage === undefined ? '' : `<span class="chip ${tone(advantage)}">advantage ${signed(advantage)}</span>`;
  return `<div class="chips">${terms.join('')}${sum}${credit}</div>`;
}

function turn(entry: ConversationTurn): string {
  const prompt = entry.prompt === '' ? '' : `<span class="soft">${escapeHtml(entry.prompt)}</span>`;
  return `<div class="turn"><div class="who"><b>${escapeHtml(entry.speaker)}</b>${escapeHtml(entry.kind)}</div><div><div class="bubble mono">${prompt}${escapeHtml(entry.text)}</div> <span class="soft small">${escapeHtml(entry.remark)}</span>${chips(entry)}</div></div>`;
}

/** An episode as HTML: a row a turn, with rewards and advantages, and the reason in words. */
export function conversationHtml(conversation: Conversation): string {
  const { episode, environment, family, level, canonical, status, attempts, solved } = conversation;
  const lead = `${family} level ${level} (${environment}): ${canonical} · episode ${episode} · ${status}, ${solved} of ${attempts} right`;
  return `<p class="soft">${escapeHtml(lead)}</p>${conversation.turns.map(turn).join('')}<p class="because">${escapeHtml(conversation.explanation)}</p>`;
}
