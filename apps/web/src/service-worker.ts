// Keeps every file of the page, so that it opens without a network after the first visit. The list is put in by the build.
import { precacheAndRoute, cleanupOutdatedCaches, type PrecacheEntry } from "workbox-precaching";

type WorkerEvent = Event & { waitUntil(done: Promise<unknown>): void };
declare const self: {
  readonly __PRECACHE: readonly PrecacheEntry[];
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: "activate" | "message", listener: (event: WorkerEvent) => void): void;
};

cleanupOutdatedCaches();
precacheAndRoute([...self.__PRECACHE]);
// A newer version waits until a visitor reloads into it: open tabs need the files of theirs. The page has nothing else to say to it.
self.addEventListener("message", () => void self.skipWaiting());
// The tab of the first visit is served from what is kept, too.
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
