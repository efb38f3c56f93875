// Small controls that all panels share.
import { heightWidth, type ImageSize } from "@beitjs/tensor-core/grid";
import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";
import type { Machine } from "../messages.ts";

export type SliderProps = {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  readonly show?: (value: number) => string;
  readonly onChange: (value: number) => void;
};

export function Slider({ label, value, min, max, step = 1, show = String, onChange }: SliderProps): JSX.Element {
  const id = useId();
  return (
    <div class="control">
      <label for={id}>
        {label} <output for={id}>{show(value)}</output>
      </label>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        aria-valuetext={show(value)}
        onInput={({ currentTarget }) => onChange(currentTarget.valueAsNumber)}
      />
    </div>
  );
}

export type ChoiceProps<Value extends string> = {
  readonly label: string;
  readonly value: Value;
  readonly options: Readonly<Record<Value, string>>;
  readonly onChange: (value: Value) => void;
};

export function Choice<Value extends string>({ label, value, options, onChange }: ChoiceProps<Value>): JSX.Element {
  const id = useId();
  return (
    <div class="control">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={({ currentTarget }) => onChange(currentTarget.value as Value)}>
        {(Object.entries(options) as [Value, string][]).map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}

type CheckProps = { readonly label: string; readonly value: boolean; readonly onChange: (value: boolean) => void };

export function Check({ label, value, onChange }: CheckProps): JSX.Element {
  return (
    <label class="check">
      <input type="checkbox" checked={value} onChange={({ currentTarget }) => onChange(currentTarget.checked)} />
      {label}
    </label>
  );
}

type FigureProps = { readonly title: string; readonly note?: ComponentChildren; readonly children: ComponentChildren };

/** A picture with its name above and a line of facts below. */
export function Figure({ title, note, children }: FigureProps): JSX.Element {
  return (
    <figure>
      <figcaption>{title}</figcaption>
      {children}
      {note !== undefined && <p class="note">{note}</p>}
    </figure>
  );
}

export function Facts({ rows }: { readonly rows: readonly (readonly [string, ComponentChildren])[] }): JSX.Element {
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Where something was computed, in a few words. */
export const machineName = ({ backend, threads }: Machine): string =>
  `${backend}, ${threads} thread${threads === 1 ? "" : "s"}`;

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
export const ms = (time: number): string => `${time < 10 ? time.toFixed(1) : Math.round(time)} ms`;

/** Height x width, of squares too. */
export function pixelsOf(size: ImageSize): string {
  const { height, width } = heightWidth(size);
  return `${height} x ${width}`;
}
