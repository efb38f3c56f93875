// What runs were asked to do differently: fields of their recipes that are not the same in all, and what they were given beside them.
import { stringify } from "yaml";
import { fieldsOf } from "./run-figures.ts";
import type { RunRecord } from "./read-run.ts";

export type Difference = {
  /** Path in the recipe, or what else differs. */
  readonly field: string;
  /** A value a run; undefined where it has none. */
  readonly values: readonly (string | undefined)[];
};

/** Fields of recipes that differ, in the order of the recipes. */
export function recipeDifferences(runs: readonly Pick<RunRecord, "recipe">[]): readonly Difference[] {
  return differing(runs.map(({ recipe }) => flat(recipe)));
}

/** Data, starting weights, backend, versions. */
export function otherDifferences(runs: readonly RunRecord[]): readonly Difference[] {
  return differing(runs.map((run) => new Map(givenOf(run).map(([name, value]) => [name, value]))));
}

/** What a run was given beside its recipe, as its newest checkpoint or its summary has it. */
export function givenOf({ manifest, summary }: RunRecord): readonly (readonly [name: string, value: string])[] {
  const facts = { ...fieldsOf(summary), ...fieldsOf(manifest?.run) };
  const identity = { ...fieldsOf(summary), ...fieldsOf(fieldsOf(manifest?.run)["identity"]) };
  const data = fieldsOf(identity["data"]);
  const [backend, machine, versions] = [facts["backend"], facts["environment"], facts["versions"]].map(fieldsOf);
  const validation = fieldsOf(facts["validation"]);
  const memory = machine["memoryBytes"];
  const rows: readonly (readonly [string, unknown])[] = [
    ["data", facts["dataPath"]],
    ["images", data["images"]],
    ["classes", Array.isArray(data["classes"]) ? (data["classes"] as unknown[]).length : undefined],
    ["images left out", facts["skippedImages"] === 0 ? undefined : facts["skippedImages"]],
    ["labels a class", identity["labelsPerClass"]],
    ["validation images", validation["images"]],
    ["validated on", validation["from"]],
    ["start", facts["from"] === null ? "from scratch" : facts["from"]],
    ["tokenizer", facts["tokenizer"]],
    ["backend", backend["name"] && [backend["name"], backend["build"], backend["adapter"]].filter(Boolean).join(" ")],
    ["threads", backend["threads"]],
    ["precision", backend["precision"]],
    ["processor", machine["processor"] && `${String(machine["processors"])} x ${String(machine["processor"])}`],
    ["memory of the machine", typeof memory === "number" ? `${(memory / 2 ** 30).toFixed(1)} GiB` : undefined],
    ["platform", machine["platform"]],
    ["beit", versions["beitjs"] ?? facts["beit"]],
    ["Node", versions["node"]],
  ];
  return rows.flatMap(([name, value]) => {
    const written = value === undefined || value === null || value === "" ? undefined : valueOf(value);
    return written === undefined ? [] : [[name, written] as const];
  });
}

function differing(runs: readonly ReadonlyMap<string, string>[]): readonly Difference[] {
  const fields = [...new Set(runs.flatMap((run) => [...run.keys()]))];
  return fields
    .map((field) => ({ field, values: runs.map((run) => run.get(field)) }))
    .filter(({ values }) => new Set(values).size > 1);
}

/** Values by path; lists are values. */
function flat(value: unknown, path = ""): ReadonlyMap<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return new Map([[path, valueOf(value)]]);
  const below = Object.entries(value).map(([key, one]) => flat(one, path === "" ? key : `${path}.${key}`));
  return new Map(below.flatMap((part) => [...part]));
}

function valueOf(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A recipe in full. */
export function recipeText({ recipe }: Pick<RunRecord, "recipe">): string {
  return stringify(recipe);
}
