// A page that follows runs, served to this machine alone. Others' pages cannot read it: a request must name this machine as its
// host (a name that was made to point here is refused), and nothing is answered to another origin. The page asks for nothing from
// outside, which its policy says too.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { messageOf } from "../program/exit-codes.ts";
import { contentPolicy } from "../report/content-policy.ts";
import { html } from "../report/html.ts";
import type { OpenRuns } from "../report/runs/open-runs.ts";
import { renderRuns, runSections } from "../report/runs/page.ts";
import type { RunRecord } from "../report/runs/read-run.ts";
import { liveScript } from "./live-script.ts";

export type WatchOptions = {
  readonly runs: OpenRuns;
  /** Milliseconds between two looks at the folders, while somebody watches. */
  readonly every?: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told of a failed look, once for each reason. */
  readonly tell: (message: string) => void;
};

export interface Watch {
  readonly server: Server;
  /** Ends all connections. */
  close(): Promise<void>;
}

const HOST = "127.0.0.1";
const hosts = [HOST, "localhost", "[::1]"];
const live = html`<p class="live" id="live" role="status">connecting</p>`;
const script = html`<script src="/live.js" type="module"></script>`;

const headers: Readonly<Record<string, string>> = {
  "content-security-policy": `${contentPolicy({ served: true })}; frame-ancestors 'none'`,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

/** Answers requests; see `listen` for where. */
export function createWatch(options: WatchOptions): Watch {
  const { runs } = options;
  const followers = createFollowers(options);
  const pages: Readonly<Record<string, (response: ServerResponse) => Promise<void>>> = {
    "/": async (response) => {
      const page = renderRuns(await runs.read(), { script, status: live });
      response.writeHead(200, { ...headers, "content-type": "text/html; charset=utf-8" }).end(page);
    },
    "/live.js": async (response) => {
      response.writeHead(200, { ...headers, "content-type": "text/javascript; charset=utf-8" }).end(liveScript);
    },
    "/events": async (response) => {
      const found = await runs.read();
      response.writeHead(200, { ...headers, "content-type": "text/event-stream" });
      followers.add(response, found);
    },
  };
  const server = createServer((request, response) => {
    const refused = refusal(request, Object.keys(pages));
    if (refused) return end(response, ...refused);
    pages[pathOf(request)](response).catch((error: unknown) => {
      end(response, 500, `beit watch: ${messageOf(error)}\n`);
    });
  });
  return {
    server,
    close: () =>
      new Promise((resolve) => {
        followers.end();
        server.close(() => resolve());
        server.closeIdleConnections();
        // Whoever still has not read to the end.
        setTimeout(() => server.closeAllConnections(), 500).unref();
      }),
  };
}

type Followers = {
  readonly add: (response: ServerResponse, runs: readonly RunRecord[]) => void;
  readonly end: () => void;
};

/** Open pages: the runs are looked at while there are some, and each is sent what it has not got yet. */
function createFollowers({ runs, every = 1000, now, tell }: WatchOptions): Followers {
  // What each has got of every section.
  const followers = new Map<ServerResponse, Map<string, string>>();
  let told = "";
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  const look = async (): Promise<void> => {
    const began = performance.now();
    try {
      const found = await runs.read();
      for (const [follower, sent] of followers) send(follower, sent, found, now());
      told = "";
    } catch (error) {
      const message = messageOf(error);
      if (message !== told) tell((told = message));
    }
    // Long runs take long to look at: training keeps the machine to itself nearly all of the time.
    plan(Math.max(every, 20 * (performance.now() - began)));
  };
  const plan = (wait: number): void => {
    timer = followers.size > 0 && !ended ? setTimeout(() => void look(), wait) : undefined;
  };
  return {
    add(response, found) {
      if (ended) return void response.end();
      const sent = new Map<string, string>();
      send(response, sent, found, now());
      followers.set(response, sent);
      response.on("close", () => followers.delete(response));
      if (!timer) plan(every);
    },
    end() {
      ended = true;
      clearTimeout(timer);
      for (const follower of followers.keys()) follower.end("event: end\ndata: \n\n");
    },
  };
}

/**
 * Listens on 127.0.0.1.
 *
 * @param ports tried in turn
 * @returns the port; undefined if all are taken
 */
export async function listen(server: Server, ports: readonly number[]): Promise<number | undefined> {
  for (const port of ports) {
    const taken = await new Promise<boolean>((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException) => {
        if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(true);
        else reject(error);
      };
      server.once("error", failed).listen(port, HOST, () => {
        server.off("error", failed);
        resolve(false);
      });
    });
    if (!taken) return (server.address() as { readonly port: number }).port;
  }
  return undefined;
}

/** Sends the sections that changed, if any did. */
function send(follower: ServerResponse, sent: Map<string, string>, runs: readonly RunRecord[], at: number): void {
  // One that does not read gets all that changed meanwhile when it does.
  if (follower.writableNeedDrain) return;
  const sections = runSections(runs);
  const changed = sections.filter(({ id, content }) => sent.get(id) !== content.markup);
  if (changed.length === 0) return;
  for (const { id, content } of changed) sent.set(id, content.markup);
  const contents = Object.fromEntries(changed.map(({ id, content }) => [id, content.markup]));
  const data = { sections: sections.map(({ id }) => id), contents, at, state: doing(runs) };
  follower.write(`event: sections\ndata: ${JSON.stringify(data)}\n\n`);
}

function doing(runs: readonly RunRecord[]): string {
  const training = runs.filter(({ state }) => state === "training").length;
  if (training === 0) return "nothing trains now";
  return runs.length === 1 ? "training" : `${training} of ${runs.length} train`;
}

function refusal(
  { headers: { host = "" }, method, url }: IncomingMessage,
  paths: readonly string[],
): [number, string] | undefined {
  if (!hosts.includes(host.replace(/:\d+$/, "").toLowerCase()))
    return [403, "expected the host 127.0.0.1 or localhost: beit watch serves this machine alone\n"];
  if (method !== "GET") return [405, "expected GET\n"];
  return paths.includes(pathOf({ url })) ? undefined : [404, "not found\n"];
}

function pathOf({ url = "/" }: Pick<IncomingMessage, "url">): string {
  return url.replace(/[?#].*/, "");
}

function end(response: ServerResponse, code: number, text: string): void {
  if (response.headersSent) response.end();
  else response.writeHead(code, { ...headers, "content-type": "text/plain; charset=utf-8" }).end(text);
}
