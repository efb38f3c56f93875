// The layers of a recipe: a file, what it extends, and so on down to a recipe of a name. Each says only what it changes.
import { dirname, extname, resolve } from "node:path";
import { recipes } from "@beitjs/trainers";
import { usageError } from "../program/exit-codes.ts";
import { parseYaml, readYamlText } from "./read-yaml.ts";

type Values = Readonly<Record<string, unknown>>;

export type RecipeLayer = {
  /** As people gave it, to be named in errors. */
  readonly name: string;
  readonly values: Values;
};

/**
 * The layers of a recipe, the one asked for first.
 *
 * @throws a usage error with the chain, if a file extends itself in the end
 */
export async function readRecipeLayers(name: string): Promise<readonly RecipeLayer[]> {
  const layers: RecipeLayer[] = [];
  const seen: string[] = [];
  for (let next: string | undefined = name, folder = ""; next !== undefined; ) {
    if (Object.hasOwn(recipes, next)) return [...layers, { name: next, values: recipes[next] }];
    const path: string = resolve(folder, next);
    const told = layers.length === 0 ? next : path;
    if (seen.includes(path)) throw usageError(`recipe ${name}: extends itself: ${[...seen, path].join(" -> ")}`);
    seen.push(path);
    const { extends: base, ...values } = await readFile(told, path, layers.at(-1)?.name);
    if (base !== undefined && typeof base !== "string") {
      throw usageError(`recipe ${told}: extends: expected a name or a file, got ${JSON.stringify(base)}`);
    }
    layers.push({ name: told, values });
    [next, folder] = [base, dirname(path)];
  }
  return layers;
}

async function readFile(name: string, path: string, extender: string | undefined): Promise<Values> {
  const by = extender === undefined ? "" : `, extended by ${extender}`;
  if (![".yaml", ".yml", ".json"].includes(extname(name))) {
    const names = Object.keys(recipes).join(", ");
    throw usageError(`recipe ${name}${by}: expected a .yaml or .json file or one of ${names}`);
  }
  const raw = parseYaml(name, await readYamlText(`recipe ${name}${by}`, path));
  if (typeof raw !== "object" || raw === null || Array.isArray(raw))
    throw usageError(`recipe ${name}${by}: expected keys and values`);
  return raw as Values;
}
