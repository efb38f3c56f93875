// The page from synthetic data: whole, self-contained, readable by a screen reader, and safe with any name.
import { describe, expect, it } from "vitest";
import { demoFineTune, demoScratch } from "@beitjs/trainers";
import { sampleReport } from "../testing/sample-report.ts";
import { renderReport } from "./render.ts";

// Names of elements that are opened and never closed, or closed and never opened.
function unbalanced(page: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  const empty = new Set(["img", "meta", "link", "br"]);
  for (const [tag, closing, name] of page
    .replace(/<!doctype html>/, "")
    .matchAll(/<(\/?)([a-z][a-z0-9]*)\b(?:"[^"]*"|[^">])*>/gi)) {
    if (empty.has(name) || tag.endsWith("/>")) continue;
    if (closing === "") open.push(name);
    else if (open.pop() !== name) wrong.push(name);
  }
  return [...wrong, ...open];
}

describe("renderReport", () => {
  it("is one well-formed page with every section, under 2 MB", async () => {
    const page = await renderReport(sampleReport());
    expect(page).toMatch(/^<!doctype html>\s*<html lang="en">/);
    expect(unbalanced(page)).toEqual([]);
    for (const heading of [
      "Pre-trained against from scratch",
      "How training went",
      "Visual tokens",
      "Originals beside reconstructions",
      "The visual-token grid",
      "Masked input and what the model restores",
      "Attention",
      "The masks",
      "This run",
    ]) {
      expect(page).toMatch(new RegExp(`<h[23]>${heading}</h[23]>`));
    }
    for (const target of page.matchAll(/href="#([^"]+)"/g)) expect(page).toContain(`id="${target[1]}"`);
    expect(page.match(/href="#/g)).toHaveLength(7);
    expect(page.length).toBeLessThan(2e6);
    expect(page).not.toMatch(/undefined|NaN|\[object/);
  });

  it("asks for nothing: no script, no address outside the page", async () => {
    const page = await renderReport(sampleReport());
    expect(page).not.toMatch(/<script|<iframe|<object|@import|url\((?!#)/);
    const addresses = [...page.matchAll(/\s(?:src|href|srcset|data|action|poster|xlink:href)="([^"]*)"/g)].map(
      (found) => found[1],
    );
    expect(addresses.length).toBeGreaterThan(15);
    for (const address of addresses) expect(address).toMatch(/^(#|data:image\/png;base64,|data:,$)/);
    expect(page).not.toMatch(/\bhttps?:/);
  });

  it("shows names as they are and lets none of them become markup", async () => {
    const page = await renderReport(sampleReport());
    expect(page).not.toContain("<img src=x");
    expect(page).not.toContain(`onerror="`);
    expect(page).toContain("&#60;img src=x onerror=&#34;alert(&#39;1&#39;)&#34;&#62; &#38; &#34;boot&#34;");
  });

  it("gives every picture a text alternative", async () => {
    const page = await renderReport(sampleReport());
    const images = page.match(/<img\b[^>]*>/g) ?? [];
    expect(images).toHaveLength(2 * 2 + 2 * 1 + 2 + 4 + 3);
    for (const tag of images) expect(tag).toMatch(/ alt="[^"]+"/);
    for (const tag of page.match(/<svg\b[^>]*>/g) ?? []) expect(tag).toMatch(/role="img"\s+aria-label="[^"]+"/);
  });

  it("draws the start of the loss at ln V and the masked ratio", async () => {
    const data = sampleReport();
    const page = await renderReport(data);
    expect(page).toContain(">ln 128</text>");
    expect(page).toContain("ln 128 = 4.852");
    expect(page).toContain(`${((100 * data.masks.statistics.meanCount) / 16).toFixed(1)} %`);
  });

  it("has light and dark colors and fits a phone", async () => {
    const page = await renderReport(sampleReport());
    expect(page).toContain("prefers-color-scheme:dark");
    expect(page).toContain('name="viewport" content="width=device-width, initial-scale=1"');
    expect(page).toContain("image-rendering:pixelated");
  });

  it("says of a short run that its figures mean nothing, and of others not", async () => {
    expect(await renderReport(sampleReport({ short: true }))).toMatch(/figures\s+mean\s+nothing/);
    expect(await renderReport(sampleReport())).not.toMatch(/figures\s+mean\s+nothing/);
  });

  it("tells the schedules where they differ", async () => {
    const data = sampleReport();
    const { epochs, batchSize } = demoScratch;
    expect(await renderReport(data)).toContain(`from scratch ${epochs} epochs in batches of ${batchSize}`);
    const recipes = { ...data.summary.recipes, scratch: { ...demoFineTune, seed: 9 } };
    const same = await renderReport({ ...data, summary: { ...data.summary, recipes } });
    expect(same).toMatch(/with the same\s+schedule\./);
  });

  it("lists the seeds when there are several", async () => {
    const page = await renderReport(sampleReport({ seeds: 3 }));
    expect(page).toContain("mean of 3 seeds");
    expect(page.match(/<th scope="row">Seed \d<\/th>/g)).toHaveLength(3);
    expect(page).toContain("Standard deviation over seeds");
    expect(page).toContain("+10.5 points");
    expect(await renderReport(sampleReport())).not.toContain("Standard deviation over seeds");
  });

  it("works for color images and says when test images were set aside", async () => {
    const data = sampleReport();
    const colored = {
      ...data.restorations[0].original,
      channels: 3 as const,
      data: Uint8Array.from({ length: 768 }, (_, i) => i % 256),
    };
    const summary = {
      ...data.summary,
      data: { ...data.summary.data, test: { ...data.summary.data.test, heldOut: true } },
    };
    const page = await renderReport({
      ...data,
      summary,
      restorations: [{ ...data.restorations[0], original: colored, restored: colored, tokenized: colored }],
      attention: [{ ...data.attention[0], image: colored }],
    });
    expect(page).toContain("set aside from the training images");
    expect(unbalanced(page)).toEqual([]);
  });
});
