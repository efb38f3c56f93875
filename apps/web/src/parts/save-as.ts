/** Offers bytes as a file to keep. */
export function saveAs(name: string, bytes: Uint8Array<ArrayBuffer>, type: string): void {
  const url = URL.createObjectURL(new Blob([bytes], { type }));
  const link = document.createElement("a");
  [link.href, link.download] = [url, name];
  link.click();
  // The download has the bytes by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
