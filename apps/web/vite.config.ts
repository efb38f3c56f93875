// The static build: every path relative, so that it can be served from any folder of any host.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { defineConfig, type Plugin } from "vite";

/** Headers that hosts answer with, from the file that some of them read. */
function hostHeaders(): Readonly<Record<string, string>> {
  const lines = readFileSync(new URL("public/_headers", import.meta.url), "utf8")
    .split("\n")
    .slice(1);
  return Object.fromEntries(lines.filter(Boolean).map((line) => line.trim().split(/: (.*)/, 2)));
}

const { "Content-Security-Policy": policy, ...isolation } = hostHeaders();

/** The policy for hosts that send none: in the page itself, but for what only a header can say. In development Vite injects styles. */
function policyInPage(): Plugin {
  const content = policy.replace(/; frame-ancestors [^;]*/, "");
  return {
    name: "beitjs-policy",
    apply: "build",
    transformIndexHtml: () => [
      { tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content }, injectTo: "head-prepend" },
    ],
  };
}

/** Puts the list of all files, by content, into the service worker. */
function precacheList(): Plugin {
  let folder = "";
  return {
    name: "beitjs-precache-list",
    apply: "build",
    configResolved: ({ build: { outDir }, root }) => void (folder = join(root, outDir)),
    closeBundle() {
      const worker = join(folder, "service-worker.js");
      const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .filter((path) => path !== worker && !path.endsWith("_headers") && !path.endsWith(".map"))
        .map((path) => ({
          url: relative(folder, path).split("\\").join("/"),
          revision: createHash("sha256").update(readFileSync(path)).digest("hex").slice(0, 16),
        }))
        .sort((a, b) => (a.url < b.url ? -1 : 1));
      const code = readFileSync(worker, "utf8");
      if (!code.includes("self.__PRECACHE"))
        throw new Error("[precacheList] expected self.__PRECACHE in the service worker");
      writeFileSync(worker, code.replace("self.__PRECACHE", JSON.stringify(entries)));
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [policyInPage(), precacheList()],
  // What lets a page share memory between threads. The page works without them, on one thread.
  server: { headers: isolation },
  preview: { headers: { ...isolation, "Content-Security-Policy": policy } },
  worker: { format: "es" },
  build: {
    target: "es2022",
    // Weights and photographs stay files, which are cached one by one.
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: { index: "index.html", "service-worker": "src/service-worker.ts" },
      output: {
        entryFileNames: ({ name }) => (name === "service-worker" ? "service-worker.js" : "assets/[name]-[hash].js"),
      },
    },
  },
});
