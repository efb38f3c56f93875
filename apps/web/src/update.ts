// A newer version of the page under an open tab. The service worker keeps the files of the version that is open until its visitor
// reloads: it is asked to make way then, not before.

const PATIENCE = 5000; // milliseconds

/** Calls `tell` when a newer version waits, or when another tab has let it take over. */
export function whenNewer(tell: () => void): void {
  // Pages that are not served securely have none.
  if (!("serviceWorker" in navigator)) return;
  const { serviceWorker } = navigator;
  let controlled = serviceWorker.controller !== null;
  serviceWorker.addEventListener("controllerchange", () => {
    if (controlled) tell();
    controlled = true;
  });
  void serviceWorker.ready.then((registration) => {
    const look = (): void => {
      if (registration.waiting) tell();
    };
    const follow = (): void => registration.installing?.addEventListener("statechange", look);
    look();
    follow();
    registration.addEventListener("updatefound", follow);
  });
}

/** Reloads into the newest version that the host has. */
export async function reload(): Promise<void> {
  if ("serviceWorker" in navigator) await Promise.race([takeNewest(), after(PATIENCE)]);
  location.reload();
}

async function takeNewest(): Promise<void> {
  const { serviceWorker } = navigator;
  const registration = await serviceWorker.getRegistration();
  // Without a network there is nothing newer.
  await registration?.update().catch(() => {});
  const { installing } = registration ?? {};
  if (installing) {
    await new Promise<void>((resolve) =>
      installing.addEventListener("statechange", () => {
        if (installing.state !== "installing") resolve();
      }),
    );
  }
  if (!registration?.waiting) return;
  const changed = new Promise((resolve) => serviceWorker.addEventListener("controllerchange", resolve, { once: true }));
  registration.waiting.postMessage("take over");
  await changed;
}

function after(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
