// Small plots in SVG: lines over time, parts of a whole, columns.

const Width = 240;
const Height = 64;

function element(name, attributes) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function base() {
  return element('path', { class: 'base', d: `M0 ${Height}H${Width}` });
}

/** Lines whose latest point is at the right; what is null has no point. */
export function drawLines(svg, series, kept, most) {
  const top = most ?? Math.max(1e-9, ...series.flat().filter(value => value !== null)) * 1.1;
  const shapes = [base()];
  series.forEach((values, i) => {
    const points = values
      .map((value, at) => [Width - (values.length - 1 - at) * (Width / (kept - 1)), value])
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([x, value]) => [x.toFixed(1), (Height - (value / top) * (Height - 2)).toFixed(1)]);
    if (points.length === 0) return;
    const line = points.map(([x, y], at) => `${at === 0 ? 'M' : 'L'}${x} ${y}`).join('');
    if (i === 0) {
      shapes.push(element('path', { class: `area series-${i}`, d: `${line}L${points.at(-1)[0]} ${Height}L${points[0][0]} ${Height}Z` }));
    }
    shapes.push(element('path', { class: `line series-${i}`, d: line }));
  });
  svg.replaceChildren(...shapes);
}

/** Parts of one whole, beside each other. */
export function drawParts(svg, shares) {
  let x = 0;
  svg.replaceChildren(...shares.map((share, i) => {
    const width = share * Width;
    const part = element('rect', {
      class: `block series-${Math.min(i, 2)}`, x: x.toFixed(1), y: 14, width: width.toFixed(1), height: 36,
    });
    x += width;
    return part;
  }));
}

/** Shares, a column each. */
export function drawColumns(svg, shares) {
  const step = Width / Math.max(4, shares.length);
  svg.replaceChildren(base(), ...shares.map((share, i) => element('rect', {
    class: 'block series-0', x: (i * step + step * .15).toFixed(1), width: (step * .7).toFixed(1),
    y: (Height - share * (Height - 2)).toFixed(1), height: (share * (Height - 2)).toFixed(1),
  })));
}
