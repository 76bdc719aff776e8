// Light or dark: the system's choice until the switch is used, and again once the switch agrees with it.

const Key = 'glm5.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

function apply() {
  const chosen = localStorage.getItem(Key);
  if (chosen) document.documentElement.dataset.theme = chosen;
  else delete document.documentElement.dataset.theme;
}

export function switchTheme() {
  const system = dark.matches ? 'dark' : 'light';
  const next = (localStorage.getItem(Key) ?? system) === 'dark' ? 'light' : 'dark';
  if (next === system) localStorage.removeItem(Key);
  else localStorage.setItem(Key, next);
  apply();
}

apply();
