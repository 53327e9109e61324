/**
 * Code blocks of a Markdown file, as programs.
 *
 * A fenced block whose language is js, mjs, cjs, ts or mts is a program, unless a comment above it
 * says otherwise. These comments do not show where the document is read:
 *
 *   <!-- file: NAME -->     a file that lies beside the programs, and is none itself
 *   <!-- page: NAME -->     a file for browsers, where test/browser/guide.test.ts runs it
 *   <!-- as: NAME -->       the program's own file name
 *   <!-- with: CODE -->     comes before it: what the reader has seen already
 *   <!-- needs: node 24 --> syntax or features that older Nodes do not have
 *
 * TypeScript runs on Nodes that strip types. A line `console.log(…); // text` promises that it
 * prints this text.
 */

export interface CodeBlock {
  /** Line of the fence in the document, from 1. */
  line: number;
  name: string;
  code: string;
  isProgram: boolean;
  isForPages: boolean;
  /** Lowest major version of Node. */
  needs: number;
  /** Lines that it promises to print, in order. */
  prints: string[];
}

const extensions: Record<string, string> = {
  ...{ js: 'mjs', mjs: 'mjs', cjs: 'cjs', ts: 'mts', mts: 'mts' },
};
/** From 22.18 and 23.6 on without a flag. */
const STRIPS_TYPES = 24;

export function codeBlocks(markdown: string): CodeBlock[] {
  const fence = /((?:<!-- [^\n]*? -->\n|<!-- with: [\s\S]*? -->\n)*)```(\w+)\n([\s\S]*?)```/g;
  const blocks: CodeBlock[] = [];
  for (const match of markdown.matchAll(fence)) {
    const [, comments = '', language = '', code = ''] = match;
    const extension = extensions[language];
    if (extension === undefined) continue;
    const line = markdown.slice(0, match.index + comments.length).split('\n').length;
    blocks.push(block(line, extension, said(comments), code));
  }
  return blocks;
}

function block(line: number, extension: string, about: Said, code: string): CodeBlock {
  const isTypeScript = extension === 'mts' || about.as?.endsWith('ts') === true;
  const asked = Number(/node (\d+)/.exec(about.needs ?? '')?.[1] ?? 0);
  return {
    line,
    name: about.file ?? about.page ?? about.as ?? `block-${line}.${extension}`,
    code: about.with === undefined ? code : `${about.with}\n${code}`,
    isProgram: about.file === undefined && about.page === undefined,
    isForPages: about.page !== undefined,
    needs: Math.max(asked, isTypeScript ? STRIPS_TYPES : 0),
    prints: [...code.matchAll(/^\s*console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text]) => text!),
  };
}

type Said = Partial<Record<'file' | 'page' | 'as' | 'with' | 'needs', string>>;

function said(comments: string): Said {
  const pairs = [...comments.matchAll(/<!-- (\w+): ([\s\S]*?) -->/g)];
  return Object.fromEntries(pairs.map(([, word, text]) => [word, text]));
}
