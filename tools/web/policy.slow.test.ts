// The page under its content security policy, from a host that sends it as a header and from one that sends none: all that the
// page does is allowed, and nothing that got into it runs.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchChromium, visit } from "../browser/chromium.ts";
import { serveFolder } from "../browser/serve.ts";
import { hasSoftwareGpu } from "../software-gpu/driver.ts";

// Of the page, inside functions that run there.
declare const document: {
  title: string;
  createElement(name: string): object;
  readonly body: { insertAdjacentHTML(where: string, markup: string): void; append(element: object): void };
};
declare const addEventListener: (type: string, listener: (event: { violatedDirective: string }) => void) => void;
declare const violated: string[];

const dist = fileURLToPath(new URL("../../apps/web/dist/", import.meta.url));
const timeout = 120_000;

it("says the same in the page and in the header, and allows no inline script, no eval and no other host's code", () => {
  const header = /Content-Security-Policy: (.*)/.exec(readFileSync(join(dist, "_headers"), "utf8"))?.[1] ?? "";
  const [, meta = ""] =
    /<meta http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(
      readFileSync(join(dist, "index.html"), "utf8"),
    ) ?? [];
  expect(`${meta.replaceAll("&#39;", "'")}; frame-ancestors 'none'`).toBe(header);
  expect(header).toMatch(/^default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; /);
  expect(header).not.toMatch(/'unsafe-|\*/);
});

describe.skipIf(!hasSoftwareGpu)("in Chromium", () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await launchChromium()), timeout);
  afterAll(() => browser.close());

  it.each([
    ["in a header, with threads", true],
    ["in the page alone", false],
  ])("works under its policy %s, and runs nothing that got in", { timeout: 300_000 }, async (_, isolated) => {
    const server = await serveFolder(dist, { isolated });
    const { context, page, problems } = await visit(browser, "about:blank");
    await page.addInitScript(() => {
      Object.assign(globalThis, { violated: [] });
      addEventListener("securitypolicyviolation", ({ violatedDirective }) => violated.push(violatedDirective));
    });
    await page.goto(`${server.url}#train`);
    await page.getByLabel("Steps of 8 images").fill("100");
    await page.getByLabel("Width").fill("32");
    await page.getByLabel("Depth").fill("1");
    await page.getByRole("button", { name: "Train on the four samples" }).click();
    await page.getByText(/saved at step \d+/).waitFor({ timeout: 100_000 });
    await page
      .getByRole("img", { name: /by step/ })
      .first()
      .waitFor();
    if (isolated) expect(await page.locator("header").innerText()).toMatch(/[2-9]\d* threads/);
    expect(problems).toEqual([]);
    expect(await page.evaluate(() => violated)).toEqual([]);

    await page.evaluate(() => {
      document.body.insertAdjacentHTML("beforeend", `<img src="data:," onerror="document.title = 'ran'">`);
      document.body.append(Object.assign(document.createElement("script"), { textContent: "document.title = 'ran'" }));
    });
    await expect.poll(() => page.evaluate(() => violated)).toContain("script-src-attr");
    expect(await page.evaluate(() => violated)).toContain("script-src-elem");
    expect(await page.title()).not.toBe("ran");
    await context.close();
    await server.close();
  });
});
