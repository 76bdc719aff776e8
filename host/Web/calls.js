// The calls of an answer, each drawn as a card; their results are given by hand.

import { copyFrom } from './clipboard.js';

/**
 * Shows turn.calls in host: [{ id, name, arguments, result? }], arguments being JSON as text. Results are written into
 * the calls when the reader sends them.
 */
export function callsView(host, turn, { onAnswered }) {
  const form = host.querySelector('form');
  const list = host.querySelector('.cards');
  const button = form.querySelector('.continue');
  const cards = [];

  form.addEventListener('submit', e => {
    e.preventDefault();
    for (const [at, card] of cards.entries()) turn.calls[at].result = card.result.value;
    show();
    onAnswered();
  });

  function show() {
    const calls = turn.calls ?? [];
    host.hidden = calls.length === 0;
    while (cards.length < calls.length) cards.push(add(list));
    const isOver = turn.state === 'done' || turn.state === 'stopped';
    const isOpen = turn.state === 'done' && calls.some(call => call.result === undefined);
    for (const [at, card] of cards.entries()) card.show(calls[at], isOver, isOpen);
    button.hidden = !isOpen;
    button.textContent = calls.length > 1 ? 'Send results' : 'Send result';
  }
  return { show };
}

function add(list) {
  const root = document.getElementById('t-call').content.firstElementChild.cloneNode(true);
  const [name, values, text, result, given] =
    ['.name', '.values', '.text', '.result', '.given'].map(s => root.querySelector(s));
  const area = result.querySelector('textarea');
  let shown = null;
  let call;
  root.querySelector('.copy').addEventListener('click', e => copyFrom(e.currentTarget, call.arguments));
  area.addEventListener('keydown', e => {
    if (!e.isComposing && e.key === 'Enter' && (e.ctrlKey || e.metaKey)) area.form.requestSubmit();
  });
  list.append(root);

  return {
    result: area,
    show(now, isOver, isOpen) {
      call = now;
      name.textContent = call.name;
      if (shown !== `${isOver} ${call.arguments}`) showArguments(values, text, call.arguments, isOver);
      shown = `${isOver} ${call.arguments}`;
      result.hidden = !isOpen;
      given.hidden = call.result === undefined;
      given.lastElementChild.textContent = call.result ?? '';
    },
  };
}

/** Name by name once they are whole; as they come until then. */
function showArguments(values, text, json, isWhole) {
  const parsed = isWhole ? objectOf(json) : null;
  text.hidden = parsed !== null;
  values.hidden = parsed === null;
  text.textContent = json;
  if (parsed === null) return;
  const rows = Object.entries(parsed).map(([key, value]) => row(key, value));
  values.replaceChildren(...(rows.length > 0 ? rows.flat() : [element('dt', 'no arguments')]));
}

function row(key, value) {
  const shown = element('dd', typeof value === 'string' ? value : JSON.stringify(value, null, 2));
  shown.dataset.type = value === null ? 'null' : typeof value;
  return [element('dt', key), shown];
}

function objectOf(json) {
  try {
    const value = JSON.parse(json || '{}');
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}
