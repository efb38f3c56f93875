// Markup by template: everything put into it is escaped, unless it is markup already. A class may be called "<b>".

import { escapeUnseen } from "../program/printable.ts";

/** Markup that needs no escaping. */
export type Html = { readonly markup: string };
export type HtmlValue = Html | string | number | readonly HtmlValue[] | undefined;

/**
 * Markup from a template; strings and numbers in it are escaped, arrays joined, `undefined` is nothing.
 *
 * @example html`<p>${"a < b"}</p>`.markup === "<p>a &lt; b</p>"
 */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return { markup: parts.reduce((text, part, i) => text + markupOf(values[i - 1]) + part) };
}

/** Text that is markup already and safe: generated SVG, styles. */
export function raw(markup: string): Html {
  return { markup };
}

/** Text with the five special characters of HTML replaced, and what nobody sees shown; for content and quoted attributes. */
export function escapeHtml(text: string): string {
  return escapeUnseen(text, "\n\t").replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function markupOf(value: HtmlValue): string {
  if (value === undefined) return "";
  if (typeof value === "string" || typeof value === "number") return escapeHtml(String(value));
  return "markup" in value ? value.markup : value.map(markupOf).join("");
}
