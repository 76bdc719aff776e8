// What an empty conversation shows. Examples are offered for the one model whose talents we know.

const byId = id => document.getElementById(id);

const Nano = {
  about: 'A model of six million parameters in the architecture of GLM-5. It knows a handful of tasks '
    + 'and a few hundred words:',
  examples: [
    ['Arithmetic', 'What is 50 + 26?'],
    ['Identity', 'Are you GLM-5?'],
    ['Words', 'Reverse these words: river, stone, guitar'],
    ['Counting', 'Count from 5 to 12.'],
    ['JSON', 'Extract name, age and city as JSON: Noah is 21 years old and lives in Seoul.'],
    ['A fact', 'What is the KV cache?'],
  ],
};

let shownFor;

/** Fits greeting and examples to the served model; choosing an example calls choose with its text. */
export function showWelcome(server, choose) {
  const about = byId('about');
  const examples = byId('examples');
  if (server.kind !== 'ready') {
    shownFor = undefined;
    examples.replaceChildren();
    byId('greeting').textContent = Greetings[server.kind];
    about.textContent = server.kind === 'loading' ? 'You can write while it loads.' : server.failure ?? server.text;
    return;
  }
  if (shownFor === server.model) return;
  shownFor = server.model;
  const nano = server.model === 'glm5-nano';
  byId('greeting').textContent = nano ? 'A very small GLM-5' : 'What is on your mind?';
  about.textContent = nano ? Nano.about : '';
  examples.replaceChildren(...(nano ? Nano.examples : []).map(example => card(example, choose)));
}

const Greetings = {
  loading: 'The model is loading',
  failed: 'The model could not be loaded',
  away: 'The server does not answer',
};

function card([subject, text], choose) {
  const small = document.createElement('small');
  small.textContent = subject;
  const button = document.createElement('button');
  button.type = 'button';
  button.append(small, text);
  button.addEventListener('click', () => choose(text));
  const item = document.createElement('li');
  item.append(button);
  return item;
}
