// Copies text. The clipboard API exists on https and on loopback only; elsewhere a selection does it.

export async function copyText(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'unseen';
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

/** Copies, and shows a tick on the button for a moment. */
export async function copyFrom(button, text) {
  await copyText(text);
  const use = button.querySelector('use');
  if (!use || use.getAttribute('href') === '#i-done') return;
  use.setAttribute('href', '#i-done');
  setTimeout(() => use.setAttribute('href', '#i-copy'), 1500);
}
