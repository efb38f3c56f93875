// A new deployment under an open tab: what is missing is said with an offer to reload, and what the service worker keeps goes on.
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launchChromium, visit } from "../browser/chromium.ts";
import { serveFolder, type StaticServer } from "../browser/serve.ts";
import { hasSoftwareGpu } from "../software-gpu/driver.ts";

// Of the page, inside functions that run there.
declare const navigator: {
  readonly serviceWorker: {
    readonly controller: unknown;
    readonly ready: Promise<{ update(): Promise<unknown> }>;
  };
};

const dist = fileURLToPath(new URL("../../apps/web/dist/", import.meta.url));
const timeout = 120_000;

/** Another build: files under other names that name each other so, and none of those before. */
function deploy(folder: string): void {
  const assets = readdirSync(join(folder, "assets"));
  const renamed = (text: string): string =>
    assets.reduce((all, name) => all.replaceAll(name, nextName(name)), text).replaceAll(/(revision":")/g, "$1n");
  for (const name of [...assets.map((asset) => join("assets", asset)), "index.html", "service-worker.js"]) {
    if (!/\.(?:js|css|html)$/.test(name)) continue;
    writeFileSync(join(folder, name), renamed(readFileSync(join(folder, name), "utf8")));
  }
  for (const name of assets) renameSync(join(folder, "assets", name), join(folder, "assets", nextName(name)));
}

const nextName = (name: string): string => name.replace(/\.[^.]+$/, "-next$&");

describe.skipIf(!hasSoftwareGpu)("in Chromium", () => {
  let browser: Browser;
  let folder: string;
  let server: StaticServer;
  beforeAll(async () => void (browser = await launchChromium()), timeout);
  afterAll(() => browser.close());
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "beitjs-deployed-"));
    cpSync(dist, folder, { recursive: true });
    server = await serveFolder(folder, { isolated: true });
  });
  afterEach(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  const ready = (page: Page) => page.getByRole("img", { name: "Reconstruction" }).waitFor();
  const tab = (page: Page, name: string) => page.getByRole("tab", { name }).click();
  const missing = (page: Page) => page.getByRole("alert").filter({ hasText: "A part of this page did not load" });
  const newer = (page: Page) => page.getByText("There is a newer version of this page");
  const version = (page: Page) => page.locator("script[type=module]").getAttribute("src");
  const train = async (page: Page): Promise<void> => {
    // Longer than any of these tests: a run that is done cannot go on.
    await page.getByLabel("Steps of 8 images").fill("50000");
    await page.getByLabel("Width").fill("32");
    await page.getByLabel("Depth").fill("1");
    await page.getByRole("button", { name: "Train on the four samples" }).click();
  };
  const trains = (page: Page) => page.getByText(/saved at step \d+/).waitFor({ timeout: 100_000 });

  it("offers to reload when the trainer is gone, and trains after that", { timeout: 300_000 }, async () => {
    const { context, page } = await visit(browser, server.url, { serviceWorkers: "block" });
    await ready(page);
    const before = await version(page);
    deploy(folder);
    await tab(page, "Train");
    await missing(page).waitFor();
    expect(await missing(page).innerText()).toContain("goes on from where it was saved last");
    // What is there works on.
    await tab(page, "Imagine");
    await page.getByText("First guess is right").waitFor();
    await page.getByRole("button", { name: "Reload" }).click();
    await expect.poll(() => version(page), { timeout: 20_000 }).not.toBe(before);
    await tab(page, "Train");
    await train(page);
    await trains(page);
    expect(await missing(page).count()).toBe(0);
    await context.close();
  });

  it.each([
    ["a photograph", async (page: Page) => page.getByRole("button", { name: "Sample: Rocket" }).click()],
    ["the masks' statistics", (page: Page) => tab(page, "Mask")],
  ])("says so of %s that is gone", { timeout }, async (_, use) => {
    const { context, page } = await visit(browser, server.url, { serviceWorkers: "block" });
    await ready(page);
    for (const name of readdirSync(join(folder, "assets"))) rmSync(join(folder, "assets", name));
    await use(page);
    await missing(page).waitFor();
    expect(await page.getByRole("alert").count()).toBe(1);
    await context.close();
  });

  it("trains on when only the chart is gone, and says so", { timeout: 300_000 }, async () => {
    const { context, page } = await visit(browser, `${server.url}#train`, { serviceWorkers: "block" });
    const start = page.getByRole("button", { name: "Train on the four samples" });
    await expect.poll(() => start.isEnabled()).toBe(true);
    for (const name of readdirSync(join(folder, "assets")))
      if (name.startsWith("uPlot")) rmSync(join(folder, "assets", name));
    await train(page);
    await missing(page).waitFor();
    await trains(page);
    await context.close();
  });

  it("says so when a part of a worker is gone, which starts all the same", { timeout }, async () => {
    for (const name of readdirSync(join(folder, "assets")))
      if (/^engine-/.test(name)) rmSync(join(folder, "assets", name));
    const { context, page } = await visit(browser, server.url, { serviceWorkers: "block" });
    await missing(page).waitFor();
    expect(await page.locator("header").innerText()).toContain("Not started.");
    await context.close();
  });

  it("needs no reload where the service worker keeps the files, and offers one", { timeout: 300_000 }, async () => {
    const { context, page, problems } = await visit(browser, server.url);
    await ready(page);
    const before = await version(page);
    // From the first visit on.
    await expect
      .poll(() => page.evaluate(() => navigator.serviceWorker.controller !== null), { timeout: 20_000 })
      .toBe(true);
    expect(await newer(page).count()).toBe(0);
    const other = await context.newPage();
    await other.goto(server.url);
    await ready(other);
    deploy(folder);
    await page.evaluate(async () => void (await (await navigator.serviceWorker.ready).update()));
    await newer(page).waitFor();
    await newer(other).waitFor();
    // The trainer of the old version, which nobody had started.
    await tab(page, "Train");
    await train(page);
    await trains(page);
    expect(await missing(page).count()).toBe(0);
    expect(problems).toEqual([]);
    await other.getByRole("button", { name: "Reload" }).click();
    await expect.poll(() => version(other), { timeout: 20_000 }).not.toBe(before);
    await ready(other);
    expect(await newer(other).count()).toBe(0);
    // The tab that still is what it was, beside a service worker of the new version.
    expect(await version(page)).toBe(before);
    await newer(page).waitFor();
    await page.getByRole("button", { name: "Reload" }).click();
    await expect.poll(() => version(page), { timeout: 20_000 }).not.toBe(before);
    await page.getByRole("button", { name: "Go on" }).waitFor();
    await context.close();
  });
});
