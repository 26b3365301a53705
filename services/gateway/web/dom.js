// Small helpers to build and change the page.

/** An element with attributes and children; text is always text, never markup. */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined && value !== false) node.setAttribute(key, value);
  node.append(...children.filter((child) => child !== undefined && child !== ''));
  return node;
}

/** The element with that id. */
export const byId = (id) => document.getElementById(id);

/** Replaces what is inside, but only when `key` has changed since the last time: what a person reads or has selected stays in place. */
export function renderOnce(node, key, build) {
  if (node.dataset.key === key) return;
  node.dataset.key = key;
  node.replaceChildren(...[build()].flat());
}

/** A sentence where there is nothing to show. */
export const nothing = (text) => element('p', { class: 'empty' }, text);
