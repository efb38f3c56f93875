// What is told of tensors that are collected undisposed, in a process whose garbage collector can be called.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const source = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

async function lose(body: string, NODE_ENV: string): Promise<string> {
  const program = `
    import { createReferenceBackend } from ${JSON.stringify(source("backends/reference/index.ts"))};
    import { tensor } from ${JSON.stringify(source("tensor.ts"))};
    const backend = createReferenceBackend();
    const lose = () => { for (let i = 0; i < 10; i++) { ${body} } };
    lose();
    for (let i = 0; i < 5; i++) { globalThis.gc(); await new Promise((resolve) => setTimeout(resolve, 20)); }
    if (backend.memory().tensors < 0) throw new Error();`;
  const folder = await mkdtemp(join(tmpdir(), "beitjs-lost-"));
  const args = ["--expose-gc", "--import", "jiti/register", join(folder, "lose.ts")];
  await writeFile(join(folder, "lose.ts"), program);
  const options = { env: { ...process.env, NODE_ENV }, cwd: source("../../..") };
  try {
    return (await promisify(execFile)(process.execPath, args, options)).stderr;
  } finally {
    await rm(folder, { recursive: true });
  }
}

it("warns once, in development, with what to do", async () => {
  const said = await lose("tensor([1, 2], [2], backend);", "development");
  expect(said).toContain(
    "[BEITJS_LOST_TENSOR] BeitjsWarning: [tensor] expected tensors to be disposed, got a float32 [2] on reference",
  );
  expect(said.split("BeitjsWarning").length).toBe(2);
});

it("says nothing of tensors that were disposed, of a disposed backend's, or outside of development", async () => {
  expect(await lose("tensor([1, 2], [2], backend).dispose();", "development")).not.toContain("BeitjsWarning");
  expect(
    await lose("tensor([1], [1], backend); backend.disposed || i < 9 || backend.dispose();", "development"),
  ).not.toContain("BeitjsWarning");
  expect(await lose("tensor([1, 2], [2], backend);", "production")).not.toContain("BeitjsWarning");
});
