// The pages of `beit report` and `beit watch` in a real browser: nothing is fetched from outside, nothing is wider than a phone, what
// is shown can be read, and the live page follows a run without losing what its reader has opened.
import { appendFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { demoFineTune } from "@beitjs/trainers";
import axe from "axe-core";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openRuns } from "../../apps/cli/src/report/runs/open-runs.ts";
import { renderRuns } from "../../apps/cli/src/report/runs/page.ts";
import { createWatch, listen } from "../../apps/cli/src/watch/server.ts";
import { launchChromium, visit } from "../browser/chromium.ts";

// Of the page, inside functions that run there.
declare const document: {
  readonly documentElement: { readonly scrollWidth: number };
  querySelectorAll(selector: string): Iterable<{ open: boolean }>;
};

let folder: string;
let browser: Browser;
const names = ["short", "a-run-with-a-name-that-is-much-longer-than-a-legend-has-room-for-0123456789"];
const line = (step: number): string => {
  const evaluated =
    step % 5 === 0 ? { "val/accuracy": step / 40, "val/loss": 1 / step, "val-ema/accuracy": step / 50 } : {};
  const values = { loss: 2 / step, learningRate: 1e-3, gradientNorm: 1, accuracy: step / 30, epoch: step / 10 };
  return `${JSON.stringify({ step, time: 1_800_000_000 + step, ...values, ...evaluated })}\n`;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "beitjs-pages-"));
  for (const [i, name] of names.entries()) {
    await mkdir(join(folder, name));
    const steps = Array.from({ length: 20 }, (_, at) => line(at + 1)).join("");
    await writeFile(join(folder, name, "metrics.jsonl"), `${steps}{"broken\n`);
    await writeFile(join(folder, name, "recipe.yaml"), JSON.stringify({ ...demoFineTune, batchSize: 20 + i }));
  }
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await rm(folder, { recursive: true });
});

it.each([["one run", names.slice(1)] as const, ["two runs", names] as const])(
  "the page of %s is whole by itself, on a phone and in the dark",
  async (_, runs) => {
    const file = join(folder, "page.html");
    await writeFile(file, renderRuns(await openRuns(runs.map((name) => join(folder, name))).read()));
    for (const [colorScheme, width] of [
      ["light", 1200],
      ["dark", 390],
    ] as const) {
      const { context, page, problems } = await visit(browser, "about:blank", {
        colorScheme,
        viewport: { width, height: 800 },
      });
      const requests: string[] = [];
      page.on("request", (request) => void requests.push(request.url()));
      await page.goto(pathToFileURL(file).href);
      expect(requests).toHaveLength(1);
      expect(problems).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      await page.evaluate(axe.source);
      const { violations } = (await page.evaluate("axe.run()")) as axe.AxeResults;
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
      await context.close();
    }
  },
);

it("a live page follows its runs and says when it is left alone", async () => {
  const runs = openRuns(names.map((name) => join(folder, name)));
  const watch = createWatch({ runs, every: 50, now: Date.now, tell: () => {} });
  const port = await listen(watch.server, [0]);
  const { context, page, problems } = await visit(browser, "about:blank");
  const hosts = new Set<string>();
  page.on("request", (request) => void hosts.add(new URL(request.url()).host));
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.waitForSelector("text=nothing trains now");
  await page.click("#runs summary >> nth=0");
  await appendFile(join(folder, names[0], "metrics.jsonl"), line(21));
  await page.waitForSelector("text=21 of 40");
  expect(
    await page.evaluate(() => [...document.querySelectorAll("#runs div>details")].map(({ open }) => open)),
  ).toContain(true);
  await watch.close();
  await page.waitForSelector("text=beit watch has ended");
  expect([...hosts]).toEqual([`127.0.0.1:${port}`]);
  expect(problems).toEqual([]);
  await context.close();
});
