// Every page that the CLI writes, in a real browser: its policy lets it be seen as it is meant, and lets nothing run that got in.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { memoryDataset } from "@beitjs/trainers";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { classifierSections } from "../../apps/cli/src/report/classifier-figures.ts";
import { renderEvaluation } from "../../apps/cli/src/report/evaluation-page.ts";
import { renderReport } from "../../apps/cli/src/report/render.ts";
import { openRuns } from "../../apps/cli/src/report/runs/open-runs.ts";
import { renderRuns } from "../../apps/cli/src/report/runs/page.ts";
import { sampleReport } from "../../apps/cli/src/testing/sample-report.ts";
import { createWatch, listen, type Watch } from "../../apps/cli/src/watch/server.ts";
import { launchChromium, visit } from "../browser/chromium.ts";

// Of the page, inside functions that run there.
declare const getComputedStyle: (element: unknown) => { readonly backgroundColor: string; readonly maxWidth: string };
declare const document: { title: string; querySelector(selector: string): { innerHTML: string } | null };

let browser: Browser;
let folder: string;
let watch: Watch;
let live: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "beitjs-policy-"));
  await writeFile(join(folder, "metrics.jsonl"), `{"step":1,"time":1,"loss":2}\n{"step":2,"time":2,"loss":1}\n`);
  watch = createWatch({ runs: openRuns([folder]), now: Date.now, tell: () => {} });
  live = `http://127.0.0.1:${await listen(watch.server, [0])}/`;
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await watch.close();
  await rm(folder, { recursive: true });
});

/** Two classes, the second taken for the first half of the time. */
async function evaluation(): Promise<string> {
  const name = `<img src=x onerror="document.title='ran'">`;
  const data = Uint8Array.from({ length: 4 * 16 }, (_, i) => i * 3);
  const images = memoryDataset({
    width: 4,
    height: 4,
    channels: 1,
    data,
    labels: Uint8Array.of(0, 0, 1, 1),
    classes: [name, "dog"],
    name: () => name,
  });
  const mistake = { index: 2, name, label: 1, predicted: 0, probability: 0.9, trueProbability: 0.1 };
  const scores = {
    ...{ images: 4, accuracy: 0.75, loss: 0.5, calibrationError: 0.1, classes: [name, "dog"] },
    ...{ confusion: [[2, 0], [1, 1]], classAccuracy: [1, 0.5], mistakes: [mistake] }, // prettier-ignore
    calibration: [{ from: 0.8, to: 0.9, images: 4, confidence: 0.8, accuracy: 0.75 }],
  };
  const sections = await classifierSections(scores, images);
  return renderEvaluation({ title: name, facts: [[name, name]], lines: [name], sections });
}

const pages: Readonly<Record<string, () => Promise<string>>> = {
  "of a demo": () => renderReport(sampleReport()),
  "of an evaluation": evaluation,
  "of a run": async () => renderRuns(await openRuns([folder]).read()),
};

async function open(markup: string) {
  const file = join(folder, "page.html");
  await writeFile(file, markup);
  return visit(browser, pathToFileURL(file).href);
}

const injected = `<script>document.title = "ran"</script><img src="data:," onerror="document.title = 'ran'">`;
const inject = (markup: string): string => markup.replace("<main>", `<main>${injected}`);
const withoutPolicy = (markup: string): string =>
  markup.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, "");

describe.each(Object.entries(pages))("the page %s", (_, render) => {
  it("is shown in its style, its policy objects to nothing in it", async () => {
    const { context, page, problems } = await open(await render());
    expect(problems).toEqual([]);
    expect(await page.evaluate(() => getComputedStyle(document.querySelector("main")).maxWidth)).toBe("1040px");
    await context.close();
  });

  it("does not run a script that got into it", async () => {
    const hostile = inject(await render());
    const { context, page, problems } = await open(hostile);
    expect(await page.title()).not.toBe("ran");
    // The element, and the attribute.
    await expect.poll(() => problems.filter((problem) => problem.includes("Content Security Policy"))).toHaveLength(2);
    await context.close();
    // That nothing but the policy stops it is what makes this a test.
    const free = await open(withoutPolicy(hostile));
    await expect.poll(() => free.page.title()).toBe("ran");
    await free.context.close();
  });
});

it("shades the cells of a confusion matrix", async () => {
  const { context, page } = await open(await evaluation());
  const colors = await page
    .locator("td[class^=depth-]")
    .evaluateAll((cells) => cells.map((cell) => getComputedStyle(cell).backgroundColor));
  expect(colors).toHaveLength(4);
  expect(new Set(colors).size).toBe(3);
  await context.close();
});

it("a live page runs its own script, and none that got into it", async () => {
  const { context, page, problems } = await visit(browser, live);
  await page.waitForSelector("text=nothing trains now");
  expect(problems).toEqual([]);
  await page.evaluate((markup) => void (document.querySelector("main")!.innerHTML += markup), injected);
  await expect.poll(() => problems.join()).toContain("Content Security Policy");
  expect(await page.title()).not.toBe("ran");
  await context.close();
});
