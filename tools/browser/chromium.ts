// Chromium of npm, driven by Playwright: the browser that tests run in.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { unpackChromium } from "../software-gpu/driver.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

export async function launchChromium(): Promise<Browser> {
  const { folder, program } = unpackChromium(join(root, "node_modules", ".cache"));
  return chromium.launch({
    executablePath: program,
    args: [
      ...["--headless=shell", "--no-sandbox", "--no-zygote"],
      ...["--use-gl=angle", "--use-angle=swiftshader", "--ignore-gpu-blocklist"],
      ...["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-unsafe-swiftshader"],
    ],
    env: { ...process.env, LD_LIBRARY_PATH: folder },
  });
}

export type Visit = { readonly context: BrowserContext; readonly page: Page; readonly problems: readonly string[] };

/** A page with a profile of its own, and what went wrong in it so far. */
export async function visit(browser: Browser, url: string, options: object = {}): Promise<Visit> {
  // Without a locale Chromium takes the machine's, which may be one that its own Intl does not know.
  const context = await browser.newContext({ locale: "en-US", viewport: { width: 1200, height: 900 }, ...options });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  await page.goto(url);
  return { context, page, problems };
}
