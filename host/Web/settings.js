// The settings drawer. A change counts at once, and for the next answer.

import { DefaultSettings, loadSettings, saveSettings } from './store.js';
import { describeTools, parseTools } from './tools.js';

const byId = id => document.getElementById(id);

/** Settings that are numbers, and their fields. */
const Numbers = {
  temperature: 'set-temperature',
  maxTokens: 'set-max',
  topP: 'set-top-p',
  topK: 'set-top-k',
  minP: 'set-min-p',
  repetitionPenalty: 'set-repetition',
  seed: 'set-seed',
};

/** What a request calls them. */
const Fields = {
  temperature: 'temperature',
  maxTokens: 'max_tokens',
  topP: 'top_p',
  topK: 'top_k',
  minP: 'min_p',
  repetitionPenalty: 'repetition_penalty',
  seed: 'seed',
};

/** Wires the drawer and the thinking chip; returns the live settings, and how to ask for the server's key. */
export function wireSettings() {
  const settings = loadSettings();
  const [system, thinking, key] = ['set-system', 'set-thinking', 'set-key'].map(byId);
  const numbers = Object.entries(Numbers).map(([name, id]) => [name, byId(id)]);
  const drawer = byId('settings');
  const chip = byId('thinking');
  const showTools = wireTools(settings, part => change(part));

  const show = () => {
    system.value = settings.system;
    for (const [name, field] of numbers) field.value = settings[name] ?? '';
    thinking.checked = settings.thinking;
    key.value = settings.key;
    key.parentElement.hidden = settings.key === '';
    chip.setAttribute('aria-pressed', settings.thinking);
    showTools();
  };
  const change = part => {
    Object.assign(settings, part);
    saveSettings(settings);
    chip.setAttribute('aria-pressed', settings.thinking);
  };

  system.addEventListener('input', () => change({ system: system.value }));
  for (const [name, field] of numbers) field.addEventListener('input', () => change({ [name]: numberOf(field) }));
  thinking.addEventListener('change', () => change({ thinking: thinking.checked }));
  key.addEventListener('input', () => change({ key: key.value.trim() }));
  chip.addEventListener('click', () => change({ thinking: !settings.thinking }));
  byId('reset-settings').addEventListener('click', () => {
    change(DefaultSettings);
    show();
  });
  const open = () => {
    show();
    drawer.showModal();
  };
  byId('open-settings').addEventListener('click', open);
  // A click beside the drawer closes it.
  drawer.addEventListener('click', e => {
    if (e.target === drawer) drawer.close();
  });
  show();

  // Few servers ask for a key: its field appears when one does.
  const askForKey = () => {
    open();
    key.parentElement.hidden = false;
    key.focus();
  };
  return { settings, askForKey };
}

/** Wires the tools' field, their list and their chip; returns what shows them anew. */
function wireTools(settings, change) {
  const [area, choice, list, fault, chip] = ['set-tools', 'set-choice', 'tool-list', 'tools-error', 'tools'].map(byId);

  const showParsed = () => {
    const { tools = [], error } = parseTools(settings.tools);
    fault.hidden = error === undefined;
    fault.textContent = error ?? '';
    list.replaceChildren(...describeTools(tools).map(toolItem));
    chip.hidden = tools.length === 0;
    chip.textContent = tools.length === 1 ? '1 tool' : `${tools.length} tools`;
    chip.setAttribute('aria-pressed', settings.callsTools);
  };
  area.addEventListener('input', () => {
    change({ tools: area.value });
    showParsed();
  });
  choice.addEventListener('change', () => change({ toolChoice: choice.value }));
  chip.addEventListener('click', () => {
    change({ callsTools: !settings.callsTools });
    showParsed();
  });
  return () => {
    area.value = settings.tools;
    choice.value = settings.toolChoice;
    if (settings.tools !== '') byId('more-tools').open = true;
    showParsed();
  };
}

function toolItem({ name, takes, description }) {
  const item = document.createElement('li');
  for (const [kind, text] of [['b', name], ['i', `(${takes})`], ['span', description]]) {
    const part = document.createElement(kind);
    part.textContent = text;
    if (text !== '') item.append(part);
  }
  return item;
}

/** Null (the server's default) when empty or out of the field's range. */
function numberOf(field) {
  return field.value !== '' && field.validity.valid ? field.valueAsNumber : null;
}

/** The fields of a request that the settings decide. */
export function requestFields(settings) {
  const fields = { chat_template_kwargs: { enable_thinking: settings.thinking } };
  for (const [name, field] of Object.entries(Fields)) {
    if (settings[name] !== null) fields[field] = settings[name];
  }
  const { tools = [] } = settings.callsTools ? parseTools(settings.tools) : {};
  if (tools.length > 0) Object.assign(fields, { tools, tool_choice: settings.toolChoice });
  return fields;
}
