/** The sections of docs/design/the-thread-traces.md that are written by `test/model/traces.ts`. */

export const documentUrl: URL = new URL(
  '../../../docs/design/the-thread-traces.md',
  import.meta.url,
);

export interface Section {
  /** Of a mutant, or of a scenario of the lab. */
  name: string;
  /** Words to be shown beside page words and descriptors. */
  words: RegExp | undefined;
  /** The line that begins it, what it holds, and the line that ends it. */
  head: string;
  body: string;
  end: string;
  /** All three, as they stand in the document. */
  whole: string;
}

const marked = /(<!-- trace: (.+?)(?: · words: (.+?))? -->)\n(.*?)(<!-- end -->)/gs;

export function sectionsOf(text: string): Section[] {
  return [...text.matchAll(marked)].map(([whole, head, name, words, body, end]) => ({
    name: name!,
    words: words === undefined ? undefined : new RegExp(words),
    head: head!,
    body: body!,
    end: end!,
    whole,
  }));
}
