// The server's figures while their dialog is open: read from /metrics once a second, and drawn.

import { drawColumns, drawLines, drawParts } from './plot.js';
import { between, quantile, readMetrics, sharesBy, total } from './metrics.js';

const Period = 1000;
const Kept = 120;

/** Each: a title, and from the last two readings its figures by name; how a figure is said; parts of a whole, columns or lines. */
const Charts = [
  {
    title: 'Sequences',
    of: now => ({ running: total(now, 'glm5_sequences_running'), waiting: total(now, 'glm5_sequences_waiting') }),
    say: value => `${Math.round(value)}`,
  },
  {
    title: 'Tokens a second',
    of: (now, before, seconds) => ({
      answers: between(now, before, 'glm5_generated_tokens_total') / seconds,
      prompts: between(now, before, 'glm5_prompt_tokens_total') / seconds,
    }),
    say: value => (value > 0 && value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en')),
  },
  {
    title: 'KV cache',
    parts: true,
    of: now => {
      const all = total(now, 'glm5_kv_blocks_total') || 1;
      const [used, kept] = ['used', 'cached'].map(name => total(now, `glm5_kv_blocks_${name}`) / all);
      return { 'in use': used, 'kept for prefixes': kept, free: Math.max(0, 1 - used - kept) };
    },
    say: percent,
  },
  latency('First token', 'glm5_request_time_to_first_token_seconds'),
  latency('Next token', 'glm5_inter_token_latency_seconds'),
  latency('Step', 'glm5_step_duration_seconds'),
  {
    title: 'Prefix cache hits',
    of: (now, before) => ({
      hits: share(
        between(now, before, 'glm5_prefix_cache_hit_tokens_total'),
        between(now, before, 'glm5_prefix_cache_queried_tokens_total')),
    }),
    say: percent,
    most: 1,
  },
  {
    title: 'Drafts accepted',
    columns: true,
    none: 'no drafts',
    of: now => Object.fromEntries(sharesBy(now, 'glm5_draft_tokens_accepted_total', 'glm5_draft_tokens_total', 'position')),
    say: percent,
  },
  {
    title: 'Preemptions',
    of: (now, before) => ({ preempted: between(now, before, 'glm5_preemptions_total') }),
    say: value => `${Math.round(value)}`,
  },
];

function latency(title, metric) {
  return {
    title,
    // What nobody measured in this second keeps its last figure.
    of: (now, before) => ({ p50: quantile(now, before, metric, .5), p90: quantile(now, before, metric, .9) }),
    say: value => (value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(1)} s`),
  };
}

function share(part, whole) {
  return whole > 0 ? part / whole : null;
}

function percent(value) {
  return `${Math.round(value * 100)} %`;
}

/** Opens the dialog by a button, and reads for as long as it is open. */
export function wireLive(button, dialog) {
  const state = document.getElementById('live-state');
  const charts = Charts.map(chart => ({ ...chart, history: [], view: viewOf(chart) }));
  document.getElementById('live-charts').append(...charts.map(chart => chart.view.root));
  let before = null;
  let running = false;

  const read = async () => {
    try {
      const response = await fetch('metrics?names=glm5', { cache: 'no-store' });
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      const now = { at: performance.now(), values: readMetrics(await response.text()) };
      state.textContent = '';
      for (const chart of charts) take(chart, now, before ?? now);
      before = now;
    } catch {
      state.textContent = 'The server does not answer.';
      before = null;
    }
  };
  const go = async () => {
    if (running) return;
    running = true;
    while (dialog.open) {
      if (!document.hidden) await read();
      await new Promise(resolve => setTimeout(resolve, Period));
    }
    running = false;
    before = null;
  };
  button.addEventListener('click', () => {
    dialog.showModal();
    go();
  });
  dialog.addEventListener('click', e => {
    if (e.target === dialog) dialog.close();
  });
}

function viewOf(chart) {
  const root = document.getElementById('t-chart').content.firstElementChild.cloneNode(true);
  root.querySelector('.title').textContent = chart.title;
  const [now, plot, legend] = ['.now', '.plot', '.legend'].map(name => root.querySelector(name));
  return { root, now, plot, legend };
}

function take(chart, now, before) {
  const seconds = Math.max(.001, (now.at - before.at) / 1000);
  const figures = chart.of(now.values, before.values, seconds);
  const last = chart.history.at(-1) ?? {};
  for (const name of Object.keys(figures)) figures[name] ??= last[name] ?? null;
  chart.history.push(figures);
  if (chart.history.length > Kept) chart.history.shift();
  show(chart, figures);
}

function show(chart, figures) {
  const { now, plot, legend } = chart.view;
  const names = Object.keys(figures);
  const said = names.map(name => (figures[name] === null ? '–' : chart.say(figures[name])));
  now.textContent = said[0] ?? '';
  const labels = names.map((name, i) => `${name} ${said[i]}`);
  legend.replaceChildren(...labels.map((label, i) => {
    const span = document.createElement('span');
    span.className = `series-${chart.columns ? 0 : Math.min(i, 2)}`;
    span.textContent = label;
    return span;
  }));
  if (names.length === 0) legend.textContent = chart.none ?? '';
  plot.setAttribute('aria-label', `${chart.title}: ${labels.join(', ') || 'nothing yet'}`);
  if (chart.parts) drawParts(plot, names.map(name => figures[name]));
  else if (chart.columns) drawColumns(plot, names.map(name => figures[name]));
  else drawLines(plot, names.map(name => chart.history.map(at => at[name])), Kept, chart.most);
}
