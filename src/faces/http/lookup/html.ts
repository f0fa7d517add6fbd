import { createHash } from "node:crypto";
import { toPrintable } from "../../../../proto/printable.ts";

// Pages without a script. Every text goes through `toHtml`; styles stand in the page, and the policy names their digest.

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A text from anywhere as it may stand in an element or a quoted attribute: nothing in it can steer page or screen. */
export function toHtml(text: string): string {
  return toPrintable(text).replace(/[&<>"']/g, (character) => ESCAPES[character] ?? "");
}

/** The same, set apart, so that letters from right to left move nothing that stands beside it. */
export function toIsolated(text: string): string {
  return `<bdi>${toHtml(text)}</bdi>`;
}

const STYLE = `
:root{color-scheme:light}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:1.25rem;color:#1b1f24;background:#fff;
font:1rem/1.5 system-ui,-apple-system,"Segoe UI","PingFang SC","Hiragino Sans GB","Microsoft YaHei","Noto Sans CJK SC",sans-serif}
h1{font-size:1.4rem;margin:0 0 .75rem}
h2{font-size:1.05rem;margin:1.75rem 0 .4rem;border-bottom:1px solid #c9d1d9;padding-bottom:.2rem}
p{margin:.4rem 0}
.answer{font-size:1.15rem;font-weight:600;padding:.8rem 1rem;border-left:.5rem solid;margin:1rem 0;background:#f6f8fa}
.good{border-color:#1a7f37}.open{border-color:#9a6700}.bad{border-color:#b42318}
.small{color:#57606a;font-size:.875rem}
dl{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.15rem 1rem;margin:0}
dt{color:#57606a}dd{margin:0;overflow-wrap:anywhere;min-width:0}
.number dd,input{font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono","Noto Sans Mono CJK SC",monospace;
font-variant-numeric:slashed-zero}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.875rem}
th,td{text-align:left;vertical-align:top;padding:.25rem .5rem .25rem 0;border-bottom:1px solid #e3e7eb;overflow-wrap:anywhere;
min-width:5rem}
label{display:block;font-weight:600;margin:1rem 0 .3rem}
input{font:inherit;width:100%;padding:.6rem;border:1px solid #6e7781;border-radius:.3rem}
button{font:inherit;margin-top:.7rem;padding:.6rem 1.4rem;border:0;border-radius:.3rem;background:#0b5cad;color:#fff}
@media screen and (max-width:36rem){dl{grid-template-columns:1fr}dd{margin-bottom:.4rem}table{min-width:46rem}}
@media print{body{max-width:none;padding:0;font-size:9.5pt}form{display:none}h2{break-after:avoid}
tr,dd{break-inside:avoid}table{font-size:8pt}.wide{overflow:visible}.answer{background:none;border:1px solid;border-left-width:.5rem}}
`;

const STYLE_DIGEST = createHash("sha256").update(STYLE).digest("base64");

/** Nothing but the style above, and the form that asks this very service. */
export const PAGE_POLICY =
  `default-src 'none'; style-src 'sha256-${STYLE_DIGEST}'; form-action 'self'; base-uri 'none'; ` +
  "frame-ancestors 'none'";

export const HTML_TYPE = "text/html; charset=utf-8";

/** A whole page. @param body of markup that is made of `toHtml` */
export function toDocument(lang: string, title: string, body: string): string {
  return [
    "<!doctype html>",
    `<html lang="${toHtml(lang)}">`,
    `<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">`,
    `<meta name="robots" content="noindex"><title>${toHtml(title)}</title><style>${STYLE}</style></head>`,
    `<body>${body}</body>`,
    "</html>\n",
  ].join("\n");
}
