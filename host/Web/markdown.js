// The part of Markdown that chat models write, as DOM nodes. Text only ever becomes a text node, so nothing that a
// model says can become markup; links are made for http and https alone. Every pattern is bounded: hostile text costs
// linear time.

const DeepestNesting = 8;

const shown = new WeakMap();

/** Shows text in root. Blocks that are as they were keep their nodes, so a stream does not flicker. */
export function renderMarkdown(root, text) {
  const before = shown.get(root) ?? [];
  const blocks = splitBlocks(text, 0);
  const sources = blocks.map(block => block.source);
  let same = 0;
  while (same < before.length && same < sources.length && before[same] === sources[same]) same++;
  while (root.childNodes.length > same) root.lastChild.remove();
  for (const block of blocks.slice(same)) root.append(block.build());
  shown.set(root, sources);
}

/** An element with children. One by one: a hostile answer may have more of them than a call may have arguments. */
function element(name, children = []) {
  const made = document.createElement(name);
  for (const child of children) made.append(child);
  return made;
}

// ---- blocks

/** Cuts text into blocks; each has its source, and builds exactly one node. */
function splitBlocks(text, depth) {
  const lines = text.split('\n');
  const blocks = [];
  for (let at = 0; at < lines.length;) {
    if (lines[at].trim() === '') {
      at++;
      continue;
    }
    const { end, build } = blockAt(lines, at, depth);
    blocks.push({ source: lines.slice(at, end).join('\n'), build });
    at = end;
  }
  return blocks;
}

function blockAt(lines, at, depth) {
  return codeAt(lines, at)
    ?? headingAt(lines, at)
    ?? ruleAt(lines, at)
    ?? (depth < DeepestNesting ? quoteAt(lines, at, depth) ?? listAt(lines, at, depth) : null)
    ?? tableAt(lines, at)
    ?? paragraphAt(lines, at, depth);
}

function appendBlocks(name, text, depth) {
  const nodes = splitBlocks(text, depth).map(block => block.build());
  // A list item or quote of one paragraph needs no paragraph inside.
  const bare = nodes.length === 1 && nodes[0].tagName === 'P';
  return element(name, bare ? [...nodes[0].childNodes] : nodes);
}

function fenceOf(line) {
  const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line);
  if (!mark) return null;
  const label = line.slice(mark[0].length).trim();
  return label.includes('`') ? null : { mark: mark[1], label };
}

function codeAt(lines, at) {
  const fence = fenceOf(lines[at]);
  if (!fence) return null;
  let end = at + 1;
  while (end < lines.length && !closes(lines[end], fence.mark)) end++;
  const code = lines.slice(at + 1, end).join('\n');
  return { end: Math.min(end + 1, lines.length), build: () => codeBlock(code, fence.label.slice(0, 40)) };
}

function closes(line, mark) {
  const bare = line.trim();
  return bare.length >= mark.length && bare === mark[0].repeat(bare.length);
}

function codeBlock(code, label) {
  const copy = element('button', ['Copy']);
  copy.type = 'button';
  copy.className = 'copy-code';
  const head = element('div', [element('span', [label]), copy]);
  head.className = 'code-head';
  const pre = element('pre', [element('code', [code])]);
  pre.tabIndex = 0;
  const block = element('div', [head, pre]);
  block.className = 'code';
  return block;
}

function headingAt(lines, at) {
  const mark = /^ {0,3}(#{1,6}) /.exec(lines[at]);
  if (!mark) return null;
  const text = lines[at].slice(mark[0].length).trim();
  return { end: at + 1, build: () => element(`h${Math.min(mark[1].length + 2, 6)}`, inline(text)) };
}

function ruleAt(lines, at) {
  const bare = lines[at].replaceAll(' ', '');
  return /^(-{3,}|\*{3,}|_{3,})$/.test(bare) ? { end: at + 1, build: () => element('hr') } : null;
}

function quoteAt(lines, at, depth) {
  let end = at;
  while (end < lines.length && lines[end].startsWith('>')) end++;
  if (end === at) return null;
  const text = lines.slice(at, end).map(line => line.slice(line[1] === ' ' ? 2 : 1)).join('\n');
  return { end, build: () => appendBlocks('blockquote', text, depth + 1) };
}

function itemMark(line) {
  const mark = /^( {0,12})([-*+]|\d{1,9}[.)])(?: +|$)/.exec(line);
  return mark && { indent: mark[1].length, width: mark[0].length, number: Number.parseInt(mark[2], 10) };
}

function listAt(lines, at, depth) {
  const first = itemMark(lines[at]);
  if (!first) return null;
  const ordered = !Number.isNaN(first.number);
  const items = [];
  let end = at;
  for (; end < lines.length; end++) {
    const line = lines[end];
    const mark = itemMark(line);
    const indent = line.length - line.trimStart().length;
    if (mark && mark.indent < first.indent + 2 && ordered === !Number.isNaN(mark.number)) {
      items.push([line.slice(mark.width)]);
    } else if (line.trim() === '' || indent > first.indent || continues(lines, end, depth)) {
      items.at(-1).push(line.slice(Math.min(indent, first.width)));
    } else {
      break;
    }
  }
  return { end, build: () => list(items, ordered ? first.number : null, depth) };
}

/** A line right below an item's text, without indent, still belongs to it. */
function continues(lines, at, depth) {
  return lines[at - 1].trim() !== '' && !startsBlock(lines[at], depth);
}

function list(items, start, depth) {
  const made = element(start === null ? 'ul' : 'ol');
  if (start !== null && start !== 1) made.start = start;
  for (const item of items) made.append(appendBlocks('li', item.join('\n').trimEnd(), depth + 1));
  return made;
}

function cells(line) {
  return line.trim().replace(/^\|/, '').replace(/\|$/, '').split('|').map(cell => cell.trim());
}

function tableAt(lines, at) {
  const below = lines[at + 1] ?? '';
  const isTable = lines[at].includes('|') && below.includes('|') && below.includes('-') && /^[\s|:-]+$/.test(below);
  if (!isTable) return null;
  let end = at + 2;
  while (end < lines.length && lines[end].includes('|')) end++;
  const rows = lines.slice(at + 2, end);
  return { end, build: () => table(lines[at], rows) };
}

function table(head, rows) {
  const row = (line, name) => element('tr', cells(line).map(cell => element(name, inline(cell))));
  const top = element('thead', [row(head, 'th')]);
  const body = element('tbody', rows.map(line => row(line, 'td')));
  const scroller = element('div', [element('table', [top, body])]);
  scroller.className = 'wide';
  return scroller;
}

function startsBlock(line, depth) {
  return fenceOf(line) !== null || headingAt([line], 0) !== null || ruleAt([line], 0) !== null
    || (depth < DeepestNesting && (line.startsWith('>') || itemMark(line) !== null));
}

function paragraphAt(lines, at, depth) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() !== '' && !startsBlock(lines[end], depth)) end++;
  const text = lines.slice(at, end).join('\n').trim();
  return { end, build: () => element('p', inline(text)) };
}

// ---- inside a line

const Inline = new RegExp([
  /\\(?<escaped>[\\`*_{}[\]()#+\-.!|~<>])/,
  /``(?<code2>[^\n]{1,1000}?)``|`(?<code>[^`\n]{1,1000})`/,
  /\*\*(?<bold>[^\s*](?:[^\n]{0,1000}?[^\s])?)\*\*/,
  /\*(?<italic>[^\s*](?:[^*\n]{0,500}[^\s*])?)\*/,
  /\[(?<label>[^[\]\n]{1,500})\]\((?<target>https?:\/\/[^\s()<>]{1,2000})\)/,
  /(?<bare>https?:\/\/[^\s<>"'`()*[\]]{1,2000})/,
].map(part => part.source).join('|'), 'g');

/** Nodes for one run of text. */
function inline(text, depth = 0) {
  const nodes = [];
  let at = 0;
  for (const found of text.matchAll(Inline)) {
    const made = inlineNode(found.groups, depth);
    if (!made) continue;
    nodes.push(text.slice(at, found.index), ...made);
    at = found.index + found[0].length;
  }
  nodes.push(text.slice(at));
  return nodes.filter(node => node !== '');
}

function inlineNode(found, depth) {
  if (found.escaped) return [found.escaped];
  if (found.code2) return [element('code', [found.code2.trim()])];
  if (found.code) return [element('code', [found.code])];
  if (found.bare) return bareLink(found.bare);
  if (depth >= DeepestNesting) return null;
  if (found.bold) return [element('strong', inline(found.bold, depth + 1))];
  if (found.italic) return [element('em', inline(found.italic, depth + 1))];
  return [link(found.target, inline(found.label, DeepestNesting))];
}

/** Punctuation after an address belongs to the sentence. */
function bareLink(text) {
  const address = text.replace(/[.,;:!?]{1,8}$/, '');
  return [link(address, [address]), text.slice(address.length)];
}

function link(address, children) {
  let target;
  try {
    target = new URL(address);
  } catch {
    return element('span', children);
  }
  const made = element('a', children);
  made.href = target.href;
  made.target = '_blank';
  made.rel = 'noopener noreferrer nofollow';
  return made;
}
