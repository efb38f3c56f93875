// What is said, and where: people read stderr, programs read stdout (one JSON event a line with --json). Progress is a
// bar on a terminal and a plain line now and then elsewhere. A reader that has gone (EPIPE) is no error. Whatever is printed is made
// printable here, and here alone: no caller has to think of it.
import { Presets, SingleBar } from "cli-progress";
import picocolors from "picocolors";
import type { Host, Output } from "./host.ts";
import { printableJson, printableLine } from "./printable.ts";

/** One line. A newline in it came from outside and is shown as an escape; lines of a table are several. */
export type Line = string | { readonly text: string; readonly styled: string; readonly style: Style };
type Style = "bold" | "green" | "red";
type Lines = Line | readonly Line[];

export interface Terminal {
  readonly json: boolean;
  /** A line for people, or several. */
  info(lines: Lines): void;
  warn(text: string): void;
  error(text: string): void;
  /** An event for programs; nothing without --json. */
  event(name: string, data?: Readonly<Record<string, unknown>>): void;
  /** A result on stdout. With --json it is left to `event`. */
  result(lines: Lines): void;
  /** A result on stdout for programs, as a line of JSON. With --json it is left to `event`. */
  data(value: unknown): void;
  progress(options: ProgressOptions): Progress;
}

export type ProgressOptions = {
  readonly label: string;
  readonly total: number;
  /** Done before this run. */
  readonly start?: number;
  /** What is counted, and how many of it one step of `total` is: 64 images a step. */
  readonly unit: string;
  readonly perStep?: number;
};

export interface Progress {
  /** `text` says how it goes, beside the bar or in the line. */
  update(done: number, text: string): void;
  stop(): void;
}

const PLAIN_LINE_EVERY_MS = 10_000;

export function createTerminal(host: Host, { json }: { readonly json: boolean }): Terminal {
  const { stdout, stderr, env } = host;
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_DESTROYED") throw error;
    });
  }
  const colors = picocolors.createColors(useColor(env, stderr));
  let bar: { clear(): void; draw(): void } | undefined;
  const shown = (lines: Lines): string => {
    const all = Array.isArray(lines) ? (lines as readonly Line[]) : [lines as Line];
    return all
      .map((line) => {
        if (typeof line === "string") return printableLine(line);
        return printableLine(line.text) + colors[line.style](printableLine(line.styled));
      })
      .join("\n");
  };
  const write = (text: string): void => {
    bar?.clear();
    stderr.write(`${text}\n`);
    bar?.draw();
  };
  return {
    json,
    info: (lines) => write(shown(lines)),
    warn: (text) => write(`${colors.yellow("warning:")} ${shown(text)}`),
    error: (text) => write(`${colors.red("beit:")} ${shown(text)}`),
    event(name, data = {}) {
      if (json) stdout.write(`${printableJson({ event: name, ...data })}\n`);
    },
    result(lines) {
      if (!json) stdout.write(`${shown(lines)}\n`);
    },
    data(value) {
      if (!json) stdout.write(`${printableJson(value)}\n`);
    },
    progress(given) {
      const options = { ...given, label: printableLine(given.label) };
      if (!stderr.isTTY) return plainProgress(options, host.elapsed, write);
      const drawn = barProgress(options, host);
      bar = drawn;
      return { ...drawn, stop: () => ((bar = undefined), drawn.stop()) };
    },
  };
}

// https://no-color.org: any value but the empty one turns color off.
function useColor(env: Host["env"], stream: Output): boolean {
  if (env["NO_COLOR"]) return false;
  if (env["FORCE_COLOR"]) return env["FORCE_COLOR"] !== "0";
  return Boolean(stream.isTTY) && env["TERM"] !== "dumb";
}

type DrawnProgress = Progress & { clear(): void; draw(): void };

function barProgress(options: ProgressOptions, { stderr, elapsed }: Host): DrawnProgress {
  const { label, total, start = 0 } = options;
  const bar = new SingleBar(
    {
      format: "{label} {bar} {value}/{total}  {pace}  {text}",
      stream: stderr,
      hideCursor: true,
      linewrap: false,
      barsize: 24,
    },
    Presets.shades_classic,
  );
  const pace = paceOf(options, elapsed);
  bar.start(total, start, { label, pace: "", text: "" });
  return {
    update: (done, text) => bar.update(done, { pace: pace(done), text: printableLine(text) }),
    stop: () => bar.stop(),
    clear: () => void stderr.write("\r\x1b[2K"),
    draw: () => bar.render(),
  };
}

function plainProgress(options: ProgressOptions, elapsed: () => number, write: (text: string) => void): Progress {
  const { label, total } = options;
  const pace = paceOf(options, elapsed);
  let last = -Infinity;
  return {
    update(done, text) {
      if (elapsed() - last < PLAIN_LINE_EVERY_MS && done < total) return;
      last = elapsed();
      write(`${label} ${done}/${total}  ${pace(done)}  ${printableLine(text)}`.trimEnd());
    },
    stop() {},
  };
}

/** Rate and time left, in words. */
function paceOf(
  { total, start = 0, unit, perStep = 1 }: ProgressOptions,
  elapsed: () => number,
): (done: number) => string {
  const began = elapsed();
  return (done) => {
    // Whole milliseconds: what was told as soon as it began has no pace yet.
    const seconds = Math.floor(elapsed() - began) / 1000;
    const rate = (done - start) / seconds;
    if (!(Number.isFinite(rate) && rate > 0)) return "";
    const perSecond = rate * perStep;
    return `${perSecond.toPrecision(3)} ${unit}/s  ${formatDuration((total - done) / rate)} left`;
  };
}

/** A duration such as 45s, 2m05s or 3h07m. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
}
