// Other runtimes than Node, from npm: Deno, Bun, and workerd, which Cloudflare's workers run on. Their packages are large, so they are
// fetched by the test that runs them and are no dependency of the repository.
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { quietInstall, run } from "./publish.ts";

export const runtimes = ["deno", "bun"] as const;
export type Runtime = (typeof runtimes)[number] | "workerd";

const platform = `${process.platform}-${process.arch}`;
// The programs themselves; the packages named after the runtimes only find and link them, by install scripts.
const programs: Readonly<Record<Runtime, Readonly<Record<string, readonly [name: string, path: string]>>>> = {
  deno: { "linux-x64": ["@deno/linux-x64-glibc", "deno"], "darwin-arm64": ["@deno/darwin-arm64", "deno"] },
  bun: {
    "linux-x64": ["@oven/bun-linux-x64-baseline", "bin/bun"],
    "darwin-arm64": ["@oven/bun-darwin-aarch64", "bin/bun"],
  },
  workerd: {
    "linux-x64": ["@cloudflare/workerd-linux-64", "bin/workerd"],
    "darwin-arm64": ["@cloudflare/workerd-darwin-arm64", "bin/workerd"],
  },
};

/** The path of a runtime's program, installed into `folder`; undefined where npm has none for this machine or cannot be reached. */
export function installRuntime(runtime: Runtime, folder: string): string | undefined {
  const found = programs[runtime][platform];
  if (!found) return undefined;
  const [name, path] = found;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "runtime", private: true }));
  try {
    run("npm", ["install", name, "--prefix", folder, "--fetch-retries=1", ...quietInstall], folder);
  } catch {
    return undefined;
  }
  return join(folder, "node_modules", name, path);
}

/** Runs a module; gives its standard output. */
export function runWith(runtime: (typeof runtimes)[number], path: string, file: string, folder: string): string {
  return run(
    path,
    runtime === "deno" ? ["run", "--allow-all", "--node-modules-dir=manual", file] : ["run", file],
    folder,
  );
}

/** Serves a worker's code, with the wasm file that it imports, and gives what it answers. */
export async function askWorkerd(program: string, code: string, wasm: string, folder: string): Promise<string> {
  const port = await freePort();
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "worker.mjs"), code);
  copyFileSync(wasm, join(folder, "base.wasm"));
  writeFileSync(
    join(folder, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
const worker :Workerd.Worker = (
  modules = [
    (name = "worker.mjs", esModule = embed "worker.mjs"),
    (name = "base.wasm", wasm = embed "base.wasm")
  ],
  compatibilityDate = "2026-01-01"
);
`,
  );
  const server = spawn(program, ["serve", "config.capnp"], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  server.stderr.on("data", (text: Buffer) => (said += text.toString()));
  try {
    for (let attempt = 0; attempt < 100; attempt++) {
      const response = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
      if (response?.ok) return await response.text();
      if (response) throw new Error(`[askWorkerd] expected an answer, got ${response.status}: ${said}`);
      await setTimeout(100);
    }
    throw new Error(`[askWorkerd] expected workerd to start within 10 s, got: ${said}`);
  } finally {
    server.kill("SIGKILL");
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
