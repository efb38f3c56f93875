// Values by parameter path: an ordered list of [pattern, value], first match wins, and every path must be covered.
// (big_vision's way; layer decay, weight decay and freezing are visible lists.)
import type { ParameterRule } from "@beitjs/beit-encoder";

/**
 * The value of every path.
 *
 * @throws naming the paths that no rule covers
 */
export function matchRules<Value>(paths: readonly string[], rules: readonly ParameterRule<Value>[]): Value[] {
  const found = paths.map((path) => rules.find(([pattern]) => pattern.test(path)));
  const uncovered = paths.filter((_, i) => !found[i]);
  if (uncovered.length > 0)
    throw new Error(`[matchRules] expected a rule for every parameter, got none for ${uncovered.join(", ")}`);
  return found.map((rule) => (rule as ParameterRule<Value>)[1]);
}
