// What outlives a reload: the conversation and the settings, in this browser's local storage.

const ConversationKey = 'glm5.conversation';
const SettingsKey = 'glm5.settings';

export const DefaultSettings = Object.freeze({
  system: '',
  temperature: null,
  maxTokens: null,
  topP: null,
  topK: null,
  minP: null,
  repetitionPenalty: null,
  seed: null,
  thinking: true,
  tools: '',
  toolChoice: 'auto',
  callsTools: true,
  key: '',
});

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

/** False when the storage is full or forbidden: the page goes on without. */
function write(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

/**
 * A turn: { role: 'user', content } or { role: 'assistant', content, reasoning, calls, state, ... }.
 * An answer that was being written when the page closed comes back as a stopped one.
 */
export function loadTurns() {
  const turns = read(ConversationKey);
  if (!Array.isArray(turns)) return [];
  const sound = turns.every(t => typeof t?.content === 'string' && (t.role === 'user' || t.role === 'assistant'));
  if (!sound) return [];
  for (const turn of turns) {
    if (['waiting', 'thinking', 'answering'].includes(turn.state)) turn.state = 'stopped';
  }
  return turns;
}

export function saveTurns(turns) {
  return write(ConversationKey, turns);
}

/** Calls back when another tab has saved its conversation. */
export function whenSavedElsewhere(tell) {
  addEventListener('storage', e => {
    if (e.key === ConversationKey) tell();
  });
}

export function loadSettings() {
  return { ...DefaultSettings, ...read(SettingsKey) };
}

export function saveSettings(settings) {
  return write(SettingsKey, settings);
}
