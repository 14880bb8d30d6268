// Markdown to HTML that cannot harm: no raw HTML, no images, no links but http, https and mailto. Without the library, plain text.

import { trusted } from './elements.js';

let markdown = null;

export async function loadMarkdown() {
  const { default: MarkdownIt } = await import('../lib/markdown-it.js');
  markdown = new MarkdownIt({ html: false, linkify: true }).disable('image');
  markdown.validateLink = url => /^(https?:\/\/|mailto:)/i.test(url.trim());
  const { rules } = markdown.renderer;
  rules.link_open = (tokens, at, options, env, self) => {
    tokens[at].attrSet('rel', 'noopener noreferrer nofollow');
    tokens[at].attrSet('target', '_blank');
    return self.renderToken(tokens, at, options);
  };
  rules.fence = rules.code_block = codeBlock;
  // The page has its own headings; a message's stand below them.
  rules.heading_open = rules.heading_close = (tokens, at, options, env, self) => {
    tokens[at].tag = 'h3';
    return self.renderToken(tokens, at, options);
  };
  rules.table_open = () => '<div class="wide-table" tabindex="0"><table>';
  rules.th_open = rules.td_open = alignedCell;
  rules.table_close = () => '</table></div>';
}

/** Shows a text. Blocks that did not change stay as they are, so that nothing jumps and a selection survives while text arrives. */
export function renderProse(element, text) {
  if (!markdown) {
    element.classList.add('plain');
    element.textContent = text;
    return;
  }

  const blocks = toBlocks(text);
  blocks.forEach((html, at) => {
    const block = element.children[at] ?? element.appendChild(newBlock());
    if (block.shown !== html) {
      block.shown = html;
      block.innerHTML = trusted.createHTML(html);
    }
  });
  while (element.children.length > blocks.length) {
    element.lastElementChild.remove();
  }
}

function newBlock() {
  const block = document.createElement('div');
  block.dir = 'auto';
  return block;
}

/** The HTML of every block at the top level. */
function toBlocks(text) {
  const env = {};
  const blocks = [];
  let open = 0;
  let group = [];
  for (const token of markdown.parse(text, env)) {
    group.push(token);
    open += token.nesting;
    if (open === 0) {
      blocks.push(markdown.renderer.render(group, markdown.options, env));
      group = [];
    }
  }

  return blocks;
}

function codeBlock(tokens, at) {
  const { escapeHtml } = markdown.utils;
  const language = escapeHtml(tokens[at].info.trim().split(/\s+/)[0].slice(0, 30));
  return `<div class="code"><div class="code-bar"><span>${language || 'text'}</span>`
    + '<button type="button" class="quiet" data-copy>Copy</button></div>'
    + `<pre tabindex="0" dir="ltr"><code>${escapeHtml(tokens[at].content)}</code></pre></div>`;
}

/** The column's alignment as a class: the page's policy allows no style in a text. */
function alignedCell(tokens, at, options, env, self) {
  const [, side] = /^text-align:(left|center|right)$/.exec(tokens[at].attrGet('style') ?? '') ?? [];
  tokens[at].attrs = side ? [['class', side]] : null;
  return self.renderToken(tokens, at, options);
}
