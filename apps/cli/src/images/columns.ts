// The flag that says which columns of a list of images say what: file=image_id,label=breed.
import type { ListColumns, ListField } from "@beitjs/trainers/node";
import { InvalidArgumentError } from "commander";
import type { Flag } from "../program/command.ts";

// Not the package's own list: help loads no package.
const fields: Readonly<Record<ListField, true>> = { file: true, label: true, labels: true, split: true };

export const columnsFlag: Flag<ListColumns | undefined> = {
  value: "field=name,...",
  description: "columns of a list that are not called file, label, labels or split; others are then not read",
  parse(text) {
    const pairs = text.split(",").map((pair) => pair.split(/=(.*)/s).slice(0, 2));
    for (const [field, name] of pairs) {
      if (!Object.hasOwn(fields, field) || name === undefined || name === "")
        throw new InvalidArgumentError(`Expected ${Object.keys(fields).join(", ")}, each with =NAME of a column.`);
    }
    return Object.fromEntries(pairs) as ListColumns;
  },
};
