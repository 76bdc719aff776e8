// The chat: a list of turns, one of which may be being written. Everything else is in the modules.

import { copyText } from './clipboard.js';
import { CompletionError, streamCompletion } from './completion.js';
import { wireLive } from './live.js';
import { showWelcome } from './welcome.js';
import { watchServer } from './server.js';
import { requestFields, wireSettings } from './settings.js';
import { loadTurns, saveTurns, whenSavedElsewhere } from './store.js';
import { switchTheme } from './theme.js';
import { answerView, userView } from './turns.js';

const byId = id => document.getElementById(id);
const [scroll, list, composer, prompt, send, stop, jump, spoken, notice] =
  ['scroll', 'turns', 'composer', 'prompt', 'send', 'stop', 'jump', 'spoken', 'notice'].map(byId);

const { settings, askForKey } = wireSettings();
let turns = loadTurns();
let views = [];
let writing = null; // The AbortController of the answer being written.
let server = { kind: 'loading', text: 'connecting' };

// ---- asking and answering

function ask(text) {
  add({ role: 'user', content: text });
  answer();
}

async function answer() {
  const messages = conversation();
  const turn = { role: 'assistant', content: '', reasoning: '', state: 'waiting' };
  const view = add(turn);
  const paint = eachFrame(() => { view.show(); follow(); });
  const mine = new AbortController();
  writing = mine;
  save();
  update();
  follow(true);
  try {
    await receive(turn, messages, mine.signal, paint);
    turn.state = 'done';
  } catch (error) {
    if (!mine.signal.aborted && !(error instanceof CompletionError)) console.error(error);
    turn.state = mine.signal.aborted ? 'stopped' : 'failed';
    turn.error = error instanceof CompletionError ? error.message : 'The page failed to show this answer.';
    if (error.status === 401) askForKey();
  } finally {
    if (writing === mine) writing = null;
  }
  view.show();
  follow();
  save();
  update();
  spoken.textContent = turn.state === 'failed' ? '' : turn.content;
}

/** Reads the stream into the turn, with its times. */
async function receive(turn, messages, signal, paint) {
  const asked = performance.now();
  let first;
  let last;
  const request = { model: server.model, messages, ...requestFields(settings) };
  for await (const piece of streamCompletion(request, settings.key, signal)) {
    if (piece.reasoning || piece.content || piece.calls) {
      last = performance.now();
      first ??= last;
      turn.firstSeconds ??= (first - asked) / 1000;
    }
    if (piece.reasoning) {
      turn.reasoning += piece.reasoning;
      turn.state = turn.content === '' ? 'thinking' : 'answering';
    }
    if (piece.content) {
      turn.content += piece.content;
      turn.state = 'answering';
    }
    for (const call of piece.calls ?? []) {
      takeCall(turn, call);
      turn.state = 'answering';
    }
    if (turn.state === 'thinking') turn.thoughtSeconds = (last - asked) / 1000;
    if (piece.finish) turn.finish = piece.finish;
    if (piece.usage) turn.usage = piece.usage;
    paint();
  }
  const tokens = turn.usage?.completion_tokens;
  if (tokens > 1 && last > first) turn.tokensPerSecond = (tokens - 1) / ((last - first) / 1000);
}

/** Adds a piece of a call: its name comes first, then its arguments as they are written. */
function takeCall(turn, { index, id, function: { name, arguments: more = '' } }) {
  turn.calls ??= [];
  turn.calls[index] ??= { id, name, arguments: '' };
  turn.calls[index].arguments += more;
}

/** What the server is told: answers without text or results are left out, whatever ended them, and so is reasoning. */
function conversation() {
  const said = turns.flatMap(turn => {
    if (turn.calls?.every(call => call.result !== undefined)) return withResults(turn);
    return turn.role === 'user' || turn.content !== '' ? [{ role: turn.role, content: turn.content }] : [];
  });
  return settings.system.trim() === '' ? said : [{ role: 'system', content: settings.system }, ...said];
}

/** A turn that called tools, with what it thought: the model goes on from there. */
function withResults({ content, reasoning, calls }) {
  const called = calls.map(({ id, name, arguments: json }) => ({ id, type: 'function', function: { name, arguments: json } }));
  return [
    { role: 'assistant', content, reasoning_content: reasoning, tool_calls: called },
    ...calls.map(({ id, result }) => ({ role: 'tool', tool_call_id: id, content: result })),
  ];
}

// ---- the list of turns

function add(turn) {
  turns.push(turn);
  const view = turn.role === 'user'
    ? userView(turn, { onEdit: text => rewind(turn, () => ask(text)) })
    : answerView(turn, { onAgain: () => rewind(turn, answer), onAnswered: () => goOn(turn) });
  views.push(view);
  list.append(view.root);
  return view;
}

/** Goes on from before a turn. Later turns that are lost by it can be brought back. */
function rewind(turn, go) {
  const old = turns;
  const loses = turns.slice(turns.indexOf(turn) + 1).some(t => t.role === 'user');
  cutBefore(turn);
  go();
  if (loses) offerUndo('The later turns are gone.', () => restore(old));
}

/** The calls of a turn have their results: the next answer follows it. */
function goOn(turn) {
  const old = turns;
  const next = turns[turns.indexOf(turn) + 1];
  if (next) cutBefore(next);
  answer();
  if (next) offerUndo('The later turns are gone.', () => restore(old));
}

/** Takes back a turn and all that followed. */
function cutBefore(turn) {
  writing?.abort();
  writing = null;
  const at = turns.indexOf(turn);
  turns = turns.slice(0, at);
  for (const view of views.splice(at)) view.root.remove();
}

/** Shows a conversation as it was saved. */
function show(saved) {
  turns = [];
  views = [];
  list.replaceChildren();
  for (const turn of saved) add(turn);
  update();
  follow(true);
}

function restore(old) {
  show(old);
  save();
}

function save() {
  saveTurns(turns);
}

function clear() {
  const old = turns;
  if (old.length === 0) return;
  cutBefore(old[0]);
  save();
  update();
  focusPrompt();
  offerUndo('The conversation is cleared.', () => restore(old));
}

function offerUndo(sentence, undo) {
  notice.firstElementChild.textContent = sentence;
  notice.hidden = false;
  clearTimeout(offerUndo.timer);
  offerUndo.timer = setTimeout(() => { notice.hidden = true; }, 8000);
  notice.lastElementChild.onclick = () => {
    notice.hidden = true;
    writing?.abort();
    undo();
  };
}

// ---- what is shown around it

function update() {
  byId('welcome').hidden = turns.length > 0;
  if (turns.length === 0) jump.hidden = true;
  list.setAttribute('aria-busy', writing !== null);
  send.hidden = writing !== null;
  stop.hidden = writing === null;
  send.disabled = server.kind !== 'ready' || prompt.value.trim() === '';
  byId('new-chat').disabled = turns.length === 0;
}

function tell(state) {
  server = { model: server.model, ...state };
  const loading = byId('loading');
  byId('model').textContent = server.model ?? 'GLM-5';
  document.title = server.model ?? 'GLM-5';
  document.body.dataset.server = server.kind;
  byId('state-text').textContent = server.text;
  loading.hidden = server.kind !== 'loading';
  if (server.done === undefined) loading.removeAttribute('value');
  else loading.value = server.done;
  showWelcome(server, text => {
    if (writing) return;
    ask(text);
    focusPrompt();
  });
  update();
}

/** Runs work at most once a frame. */
function eachFrame(work) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      work();
    });
  };
}

let following = true;

/** Keeps the end in view, unless the reader has scrolled up. */
function follow(always = false) {
  if (always) following = true;
  if (following) scroll.scrollTop = scroll.scrollHeight;
}

/** Where it would open a keyboard over the page, the reader taps when they want to write. */
function focusPrompt() {
  if (matchMedia('(hover: hover)').matches) prompt.focus();
}

function grow() {
  prompt.style.height = 'auto';
  prompt.style.height = `${prompt.scrollHeight}px`;
}

// ---- keys and clicks

composer.addEventListener('submit', e => {
  e.preventDefault();
  const text = prompt.value.trim();
  if (text === '' || writing || server.kind !== 'ready') return;
  prompt.value = '';
  grow();
  ask(text);
});
prompt.addEventListener('input', () => { grow(); update(); });
prompt.addEventListener('keydown', e => {
  if (e.isComposing) return;
  if (e.key === 'Enter' && !e.shiftKey) {
    e.preventDefault();
    composer.requestSubmit();
  } else if (e.key === 'ArrowUp' && prompt.value === '' && !writing) {
    const last = turns.findLastIndex(t => t.role === 'user');
    if (last >= 0) {
      e.preventDefault();
      views[last].edit();
    }
  }
});
document.addEventListener('keydown', e => {
  if (e.key === 'Escape' && writing && !document.querySelector('dialog[open]')) writing.abort();
});
stop.addEventListener('click', () => { writing?.abort(); focusPrompt(); });
byId('new-chat').addEventListener('click', clear);
byId('switch-theme').addEventListener('click', switchTheme);
jump.addEventListener('click', () => follow(true));
scroll.addEventListener('scroll', () => {
  following = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 48;
  jump.hidden = following;
}, { passive: true });
list.addEventListener('click', async e => {
  const button = e.target.closest('.copy-code');
  if (!button) return;
  await copyText(button.closest('.code').querySelector('code').textContent);
  button.textContent = 'Copied';
  setTimeout(() => { button.textContent = 'Copy'; }, 1500);
});
// What has come of an answer is kept; without one everything is saved, and another tab may have gone on since.
addEventListener('pagehide', () => { if (writing) save(); });
whenSavedElsewhere(() => { if (!writing) show(loadTurns()); });

wireLive(byId('open-live'), byId('live'));
show(turns);
watchServer(tell);
