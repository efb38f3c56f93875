// Names for pictures made of images, one folder for all: short where that is enough to tell them apart.

/** `photos/cat.jpg` is `cat`; where another image is called `cat` too, `photos-cat`, and a number if that does not help. */
export function pictureNames(names: readonly string[]): string[] {
  const short = names.map((name) => clean(parts(name).at(-1) as string));
  const used = new Set<string>();
  return names.map((name, i) => {
    const shared = short.indexOf(short[i]) !== short.lastIndexOf(short[i]);
    const wanted = shared ? parts(name).map(clean).join("-") : short[i];
    let free = wanted;
    for (let n = 2; used.has(free.toLowerCase()); n++) free = `${wanted}-${n}`;
    used.add(free.toLowerCase());
    return free;
  });
}

// Without the ending of an image; `..` and drive letters say nothing.
function parts(name: string): string[] {
  const found = name
    .replace(/\.(jpe?g|jpe|jfif|mpo|a?png|webp|gif|tiff?|avif|bmp|p[bgpn]m)$/i, "")
    .split(/[\\/]/)
    .filter((part) => !/^(\.{0,2}|[a-z]:)$/i.test(part));
  return found.length > 0 ? found : ["image"];
}

// What some file system does not take.
function clean(part: string): string {
  return part.replace(/[\p{Cc}<>:"|?*#%\s]+/gu, "-");
}
