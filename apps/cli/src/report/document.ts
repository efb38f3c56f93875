// The document around every page of HTML that is written here: it asks for nothing else, no script, no font, no request.
import { contentPolicy } from "./content-policy.ts";
import { html, raw, type Html, type HtmlValue } from "./html.ts";
import { style } from "./style.ts";

export type Page = {
  readonly title: string;
  /** Whether a server answers with it, and with a script beside it; false if not set: a file. */
  readonly served?: boolean;
  /** What else stands in the head. */
  readonly head?: Html | undefined;
  readonly body: HtmlValue;
};

/** A complete HTML document. */
export function renderDocument({ title, served = false, head, body }: Page): string {
  // The browser asks for a favicon unless the page has one. The style is left as it is: the policy says what it hashes to.
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${contentPolicy({ served })}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        ${raw(`<style>${style}</style>`)}${head}
      </head>
      <body>
        ${body}
      </body>
    </html> `;
  return page.markup;
}
