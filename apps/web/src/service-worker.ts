// Keeps every file of the page, so that it opens without a network after the first visit. The list is put in by the build.
import { precacheAndRoute, cleanupOutdatedCaches, type PrecacheEntry } from "workbox-precaching";

declare const self: {
  readonly __PRECACHE: readonly PrecacheEntry[];
  skipWaiting(): void;
  addEventListener: typeof addEventListener;
};

cleanupOutdatedCaches();
precacheAndRoute([...self.__PRECACHE]);
self.skipWaiting();
