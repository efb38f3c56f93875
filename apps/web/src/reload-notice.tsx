// Says that the open page is no longer the newest, or not whole, and offers to reload it.
import type { JSX } from "preact";
import { reload } from "./update.ts";

/** A newer version is there, or a part of this one did not come. */
export type Staleness = "newer" | "missing";

const words: Readonly<Record<Staleness, string>> = {
  newer: "There is a newer version of this page. This one works until you reload.",
  missing:
    "A part of this page did not load: a newer version of the page has taken its place, or there is no network. Reload to go on.",
};

export function ReloadNotice({ stale }: { readonly stale: Staleness }): JSX.Element {
  return (
    <p class={stale === "missing" ? "notice error" : "notice"} role={stale === "missing" ? "alert" : "status"}>
      {words[stale]} A run in training goes on from where it was saved last.{" "}
      <button onClick={() => void reload()}>Reload</button>
    </p>
  );
}
