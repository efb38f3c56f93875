// What a page that is written here may load and run: its own style, pictures inside it, and nothing else. Whatever markup a name
// or a file should ever bring into a page, the browser does not run it.
import { createHash } from "node:crypto";
import { style } from "./style.ts";

/** A content security policy (https://www.w3.org/TR/CSP3); a page that is served runs the script beside it. */
export function contentPolicy({ served }: { readonly served: boolean }): string {
  return [
    "default-src 'none'",
    `style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`,
    "img-src data:",
    ...(served ? ["script-src 'self'", "connect-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}
