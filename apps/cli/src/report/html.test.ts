// Escaping: what comes from data never becomes markup.
import { describe, expect, it } from "vitest";
import { escapeHtml, html, raw } from "./html.ts";

describe("html", () => {
  it("escapes text and numbers, but not markup", () => {
    const name = `<script>alert("a & 'b'")</script>`;
    const { markup } = html`<p title="${name}">${name} ${3} ${html`<b>${"<"}</b>`} ${raw("<i></i>")}</p>`;
    expect(markup).not.toContain("<script");
    expect(markup).toBe(`<p title="${escapeHtml(name)}">${escapeHtml(name)} 3 <b>&#60;</b> <i></i></p>`);
  });

  it("joins arrays, nested ones too, and leaves undefined out", () => {
    expect(html`${[html`<i>a</i>`, ["<", undefined]]}${undefined}`.markup).toBe("<i>a</i>&#60;");
  });

  it("escapes all five special characters", () => {
    expect(escapeHtml(`&<>"'`)).toBe("&#38;&#60;&#62;&#34;&#39;");
  });
});

it("shows what nobody sees in a name: marks that turn the order of letters, zero widths, controls", () => {
  const page = html`<p title="${"a\u202eb"}">${"c\u2066d\u200be\u001bf\ng"}</p>`.markup;
  expect(page).toBe('<p title="a\\u202eb">c\\u2066d\\u200be\\u001bf\ng</p>');
});
