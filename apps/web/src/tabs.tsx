// Tabs as the ARIA practices describe them: arrow keys move, one tab is in the order of focus.
import type { JSX } from "preact";
import { useRef } from "preact/hooks";

type Props<Name extends string> = {
  readonly names: Readonly<Record<Name, string>>;
  readonly chosen: Name;
  readonly onChoose: (name: Name) => void;
};

export function Tabs<Name extends string>({ names, chosen, onChoose }: Props<Name>): JSX.Element {
  const list = useRef<HTMLDivElement>(null);
  const order = Object.keys(names) as Name[];
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = order.indexOf(chosen);
    const to: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: order.length - 1 };
    if (!(event.key in to)) return;
    event.preventDefault();
    const next = (to[event.key] + order.length) % order.length;
    onChoose(order[next]);
    (list.current?.children[next] as HTMLElement | undefined)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label="Panels" ref={list} onKeyDown={onKeyDown}>
      {order.map((name) => (
        <button
          key={name}
          id={`tab-${name}`}
          role="tab"
          aria-selected={name === chosen}
          aria-controls="panel"
          tabIndex={name === chosen ? 0 : -1}
          onClick={() => onChoose(name)}
        >
          {names[name]}
        </button>
      ))}
    </div>
  );
}
