// The settings drawer. A change counts at once, and for the next answer.

import { DefaultSettings, loadSettings, saveSettings } from './store.js';

const byId = id => document.getElementById(id);

/** Wires the drawer and the thinking chip; returns the live settings, and how to ask for the server's key. */
export function wireSettings() {
  const settings = loadSettings();
  const [system, temperature, max, thinking, key] =
    ['set-system', 'set-temperature', 'set-max', 'set-thinking', 'set-key'].map(byId);
  const drawer = byId('settings');
  const chip = byId('thinking');

  const show = () => {
    system.value = settings.system;
    temperature.value = settings.temperature ?? '';
    max.value = settings.maxTokens ?? '';
    thinking.checked = settings.thinking;
    key.value = settings.key;
    key.parentElement.hidden = settings.key === '';
    chip.setAttribute('aria-pressed', settings.thinking);
  };
  const change = part => {
    Object.assign(settings, part);
    saveSettings(settings);
    chip.setAttribute('aria-pressed', settings.thinking);
  };

  system.addEventListener('input', () => change({ system: system.value }));
  temperature.addEventListener('input', () => change({ temperature: numberOf(temperature) }));
  max.addEventListener('input', () => change({ maxTokens: numberOf(max) }));
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

/** Null (the server's default) when empty or out of the field's range. */
function numberOf(field) {
  return field.value !== '' && field.validity.valid ? field.valueAsNumber : null;
}

/** The fields of a request that the settings decide. */
export function requestFields(settings) {
  const fields = { chat_template_kwargs: { enable_thinking: settings.thinking } };
  if (settings.temperature !== null) fields.temperature = settings.temperature;
  if (settings.maxTokens !== null) fields.max_tokens = settings.maxTokens;
  return fields;
}
