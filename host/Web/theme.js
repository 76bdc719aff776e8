// Light or dark: the system's choice until the switch is used, and again once the switch agrees with it.

const Key = 'glm5.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

// Where the storage is forbidden, the choice lasts as long as the page.
let chosen = read();

function read() {
  try {
    return localStorage.getItem(Key);
  } catch {
    return null;
  }
}

function keep() {
  try {
    if (chosen) localStorage.setItem(Key, chosen);
    else localStorage.removeItem(Key);
  } catch {
    // The page goes on without.
  }
}

function apply() {
  if (chosen) document.documentElement.dataset.theme = chosen;
  else delete document.documentElement.dataset.theme;
}

export function switchTheme() {
  const system = dark.matches ? 'dark' : 'light';
  const next = (chosen ?? system) === 'dark' ? 'light' : 'dark';
  chosen = next === system ? null : next;
  keep();
  apply();
}

apply();
