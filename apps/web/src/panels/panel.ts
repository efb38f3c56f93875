// What every panel on the opened image is given.
import type { Machine, Models, Tokens } from "../messages.ts";

export type Facts = { readonly machine: Machine; readonly models: Models };

export type PanelProps = {
  readonly facts: Facts;
  readonly tokens: Tokens;
  /** Hidden patches, shared by the panels that draw and that fill them. */
  readonly cells: Uint8Array;
  readonly onCells: (cells: Uint8Array) => void;
  readonly onError: (error: unknown) => void;
};
