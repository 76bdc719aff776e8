// Prometheus' text format as far as our server writes it, and what two readings say together.

/** Reads lines into a map from names to [{ labels, value }]. */
export function readMetrics(text) {
  const metrics = new Map();
  for (const line of text.split('\n')) {
    const found = /^([a-z0-9_:]+)(?:\{(.*)\})? ([^ ]+)/i.exec(line);
    if (!found) continue;
    const [, name, labels = '', value] = found;
    if (!metrics.has(name)) metrics.set(name, []);
    metrics.get(name).push({ labels: readLabels(labels), value: Number(value) });
  }
  return metrics;
}

function readLabels(text) {
  return Object.fromEntries([...text.matchAll(/([a-z0-9_]+)="((?:[^"\\]|\\.)*)"/gi)].map(([, name, value]) => [name, value]));
}

/** The sum over all labels; 0 for what was not measured. */
export function total(metrics, name) {
  return (metrics.get(name) ?? []).reduce((sum, sample) => sum + sample.value, 0);
}

/** How much a counter has grown. */
export function between(now, before, name) {
  return Math.max(0, total(now, name) - total(before, name));
}

/** A quantile of what a histogram measured between two readings; null when that was nothing. */
export function quantile(now, before, name, share) {
  const earlier = new Map((before.get(`${name}_bucket`) ?? []).map(({ labels, value }) => [labels.le, value]));
  const buckets = (now.get(`${name}_bucket`) ?? [])
    .map(({ labels, value }) => ({ bound: Number(labels.le.replace('+Inf', 'Infinity')), count: value - (earlier.get(labels.le) ?? 0) }))
    .sort((a, b) => a.bound - b.bound);
  const all = buckets.at(-1)?.count ?? 0;
  if (all <= 0) return null;
  const wanted = share * all;
  let below = { bound: 0, count: 0 };
  for (const bucket of buckets) {
    if (bucket.count >= wanted) {
      if (bucket.bound === Infinity) return below.bound;
      const inside = bucket.count - below.count;
      return below.bound + (bucket.bound - below.bound) * (inside > 0 ? (wanted - below.count) / inside : 1);
    }
    below = bucket;
  }
  return below.bound;
}

/** For each value of a label the share that one counter has of another. */
export function sharesBy(metrics, part, whole, label) {
  const accepted = new Map((metrics.get(part) ?? []).map(sample => [sample.labels[label], sample.value]));
  return (metrics.get(whole) ?? [])
    .filter(sample => sample.value > 0)
    .map(sample => [`${sample.labels[label]}.`, (accepted.get(sample.labels[label]) ?? 0) / sample.value])
    .sort(([a], [b]) => parseInt(a, 10) - parseInt(b, 10));
}
