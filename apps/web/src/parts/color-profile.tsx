// What becomes of the color profiles of images, chosen once for all panels.
import type { JSX } from "preact";
import type { ColorProfile } from "../messages.ts";
import { Check } from "./controls.tsx";

export type ColorProfileProps = {
  readonly colorProfile: ColorProfile;
  readonly onColorProfile: (colorProfile: ColorProfile) => unknown;
};

export function ColorProfileCheck({ colorProfile, onColorProfile }: ColorProfileProps): JSX.Element {
  return (
    <Check
      label="Apply color profiles"
      value={colorProfile === "apply"}
      onChange={(apply) => void onColorProfile(apply ? "apply" : "ignore")}
    />
  );
}
