// What the script that wrote a torch file was told, where it noted that.
import { isKind, type PickleValue } from "@beitjs/tensor-core/pickle";

/** An argument of the script, by its name in `args`, a Namespace or a dict. */
export function argumentOf(root: PickleValue | undefined, name: string): PickleValue | undefined {
  const args = isKind(root, "dict") ? root.entries.get("args") : undefined;
  const fields = isKind(args, "object") ? args.state : args;
  return isKind(fields, "dict") ? fields.entries.get(name) : undefined;
}
