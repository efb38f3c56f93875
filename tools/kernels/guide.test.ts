// docs/guides/write-a-kernel.md names every file that an op is spread over, and no other: held against an op that is there.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const core = join(root, "packages", "tensor-core");
const guide = readFileSync(join(root, "docs", "guides", "write-a-kernel.md"), "utf8");

/** Paths of a table's first column. */
const named = [...guide.matchAll(/^\| `((?:src|assembly|shaders)\/[^`]+)` +\|/gm)].map(([, path]) => path);

function filesBelow(folder: string): string[] {
  return readdirSync(join(core, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("generated"))
    .map((entry) => relative(core, join(entry.parentPath, entry.name)).replaceAll("\\", "/"));
}

describe.each(["relu", "softmax", "mean-squared-error"])("the files of %s", (op) => {
  const files = ["src", "assembly", "shaders"].flatMap(filesBelow).filter((path) => !path.endsWith(".test.ts"));
  const own = files.filter((path) => path.includes(`/${op}.`));
  const lists = files.filter(
    (path) =>
      path.endsWith("/index.ts") &&
      new RegExp(`^export .* from "\\./${op}(?:\\.ts)?";$`, "m").test(readFileSync(join(core, path), "utf8")),
  );

  it("are those of the guide", () => {
    expect(named.map((path) => path.replace("<op>", op)).sort()).toEqual([...own, ...lists].sort());
  });
});

it("names ops to begin with that there are", () => {
  const examples = [...guide.matchAll(/^\| [\w ,]+ \| (`[^|]+`) +\|$/gm)].flatMap(([, cell]) =>
    [...cell.matchAll(/`([\w-]+)`/g)].map(([, name]) => name),
  );
  expect(examples.length).toBeGreaterThan(5);
  const cases = new Set(filesBelow("src/ops"));
  expect(examples.filter((name) => !cases.has(`src/ops/${name}.cases.ts`))).toEqual([]);
});
