// How a turn of the conversation looks. Each view shows its turn object; show() follows the turn's changes.

import { callsView } from './calls.js';
import { copyFrom } from './clipboard.js';
import { renderMarkdown } from './markdown.js';

function stamp(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

/** What a person said; can be edited, which asks again from there. */
export function userView(turn, { onEdit }) {
  const root = stamp('t-user');
  const said = root.querySelector('.said');
  const form = root.querySelector('.editing');
  const area = form.querySelector('textarea');
  said.textContent = turn.content;

  const editing = on => {
    root.classList.toggle('open', on);
    form.hidden = !on;
    said.hidden = on;
    if (!on) return;
    area.value = turn.content;
    area.focus();
    area.rows = Math.min(12, turn.content.split('\n').length + 1);
  };
  root.querySelector('.edit').addEventListener('click', () => editing(true));
  root.querySelector('.cancel').addEventListener('click', () => editing(false));
  root.querySelector('.copy').addEventListener('click', e => copyFrom(e.currentTarget, turn.content));
  area.addEventListener('keydown', e => {
    if (e.isComposing) return;
    if (e.key === 'Escape') {
      e.stopPropagation();
      editing(false);
    } else if (e.key === 'Enter' && !e.shiftKey) {
      e.preventDefault();
      form.requestSubmit();
    }
  });
  form.addEventListener('submit', e => {
    e.preventDefault();
    if (area.value.trim() !== '') onEdit(area.value.trim());
  });
  return { root, edit: () => editing(true) };
}

/** What the model answers: reasoning (open while it thinks, folded once it answers), text, calls, error, figures. */
export function answerView(turn, { onAgain, onAnswered }) {
  const root = stamp('t-answer');
  const [thought, label, reasoning, said, failure, usage] =
    ['.thought', '.duration', '.reasoning', '.said', '.failure', '.usage'].map(s => root.querySelector(s));
  const calls = callsView(root.querySelector('.calls'), turn, { onAnswered });
  let foldedByHand = false;
  thought.querySelector('summary').addEventListener('click', () => { foldedByHand = true; });
  root.querySelector('.actions .copy').addEventListener('click', e => copyFrom(e.currentTarget, turn.content));
  root.querySelector('.again').addEventListener('click', onAgain);
  root.querySelector('.retry').addEventListener('click', onAgain);

  function show() {
    root.dataset.state = turn.state;
    const thinking = turn.state === 'thinking';
    thought.hidden = !turn.reasoning;
    if (!foldedByHand) thought.open = thinking;
    label.textContent = thinking ? 'Thinking' : `Thought for ${duration(turn.thoughtSeconds)}`;
    reasoning.textContent = turn.reasoning.trim();
    if (thinking) reasoning.scrollTop = reasoning.scrollHeight;
    renderMarkdown(said, turn.content);
    calls.show();
    failure.hidden = turn.state !== 'failed';
    failure.querySelector('p').textContent = turn.error ?? '';
    usage.replaceChildren(...figures(turn).map(span));
  }
  show();
  return { root, show };
}

function span(text) {
  const made = document.createElement('span');
  made.textContent = text;
  return made;
}

/** What there is to say below an answer, the most important first: a phone shows two of them. */
function figures(turn) {
  const parts = [];
  if (turn.state === 'stopped') parts.push('stopped');
  if (turn.finish === 'length') parts.push('cut at the longest answer');
  if (turn.state === 'done' && !turn.content.trim() && !turn.calls) parts.push('no answer');
  if (turn.usage) {
    parts.push(`${turn.usage.completion_tokens} tokens`);
    if (turn.tokensPerSecond) parts.push(`${rounded(turn.tokensPerSecond)} tokens/s`);
    if (turn.firstSeconds !== undefined) parts.push(`first token after ${latency(turn.firstSeconds)}`);
  }
  return parts;
}

function rounded(value) {
  return value < 10 ? value.toFixed(1) : Math.round(value).toString();
}

function duration(seconds = 0) {
  if (seconds < .05) return 'a moment';
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

function latency(seconds) {
  return seconds < 1 ? `${Math.max(1, Math.round(seconds * 1000))} ms` : duration(seconds);
}
