// What the server says of itself: which model, and whether it is ready.

const WhileLoading = 400;
const WhileReady = 10_000;
const Otherwise = 2_000;

/**
 * Watches the server for as long as the page is open, more closely while it loads. Tells each time:
 * { kind: 'loading' | 'ready' | 'failed' | 'away', model, text, failure, done }: done is loading's share so far, where
 * it is known; failure is the whole story of a failed one.
 */
export async function watchServer(tell) {
  for (;;) {
    const state = await ask();
    tell(state);
    await pause({ loading: WhileLoading, ready: WhileReady }[state.kind] ?? Otherwise);
  }
}

async function ask() {
  try {
    // Health answers 503 with the same body while the model is not ready.
    const response = await fetch('health', { cache: 'no-store' });
    const health = await response.json();
    return { model: health.model, ...describe(health) };
  } catch {
    return { kind: 'away', text: 'the server does not answer' };
  }
}

function describe(health) {
  switch (health.status) {
    case 'ready': return { kind: 'ready', text: 'ready' };
    case 'failed': return { kind: 'failed', text: 'loading failed', failure: health.failure };
    case 'draining': return { kind: 'away', text: 'the server is stopping' };
  }
  const parts = [Phases[health.phase] ?? 'loading'];
  if (health.bytes_total) parts.push(`${Math.floor(health.percent)} %`);
  if (health.bytes_per_second) parts.push(`${bytes(health.bytes_per_second)}/s`);
  if (health.remaining_seconds > 1) parts.push(remaining(health.remaining_seconds));
  return { kind: 'loading', text: parts.join(' · '), done: health.bytes_total ? health.percent / 100 : undefined };
}

const Phases = {
  downloading: 'downloading the model',
  opening: 'opening the checkpoint',
  checking: 'checking the weights',
  reading: 'reading the weights',
  packing: 'packing the weights',
};

function bytes(count) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(Math.floor(Math.log10(Math.max(count, 1)) / 3), units.length - 1);
  return `${(count / 1000 ** power).toPrecision(3)} ${units[power]}`;
}

function remaining(seconds) {
  return seconds < 90 ? `${Math.ceil(seconds)} s left` : `${Math.round(seconds / 60)} min left`;
}

/** Waits; a page that comes back into view asks at once. */
function pause(milliseconds) {
  return new Promise(resolve => {
    const end = () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    document.addEventListener('visibilitychange', end);
  });
}
