// What runs in a live page: sections that changed replace those that are shown. What a reader has opened stays open.

export const liveScript = `
const status = document.querySelector("#live");
const tell = (text) => { status.textContent = text; };
const events = new EventSource("/events");
events.addEventListener("sections", ({ data }) => {
  const { sections, contents, at, state } = JSON.parse(data);
  if (sections.join() !== [...document.querySelectorAll("main>section")].map(({ id }) => id).join()) return location.reload();
  for (const [id, content] of Object.entries(contents)) {
    const place = document.getElementById(id).querySelector(":scope>div");
    const opened = [...place.querySelectorAll("details")].map(({ open }) => open);
    const scrolled = [...place.querySelectorAll(".scroll")].map(({ scrollLeft }) => scrollLeft);
    place.innerHTML = content;
    place.querySelectorAll("details").forEach((one, i) => { if (i < opened.length) one.open = opened[i]; });
    place.querySelectorAll(".scroll").forEach((one, i) => { one.scrollLeft = scrolled[i] ?? 0; });
  }
  tell(state + ", as of " + new Date(at).toLocaleTimeString());
});
events.addEventListener("end", () => { events.close(); tell("beit watch has ended; this is what it showed last"); });
events.onerror = () => { if (events.readyState !== EventSource.CLOSED) tell("no connection to beit watch; trying again"); };
`;
