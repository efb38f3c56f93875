// The page's looks: system fonts, light and dark, one column on a phone.

/** The deepest shade of a cell of a confusion matrix, in percent of the color of the first curve. */
export const DEEPEST = 80;

// A class for every shade: a style in an element's attribute is what the page's policy forbids.
const depths = Array.from({ length: DEEPEST + 1 }, (_, depth) => `.depth-${depth}{--depth:${depth}%}`).join("");

/** What the colors of drawings are called, on a light page and on a dark one. */
export const colors = `:root{color-scheme:light dark;--page:#fdfdfc;--ink:#1d2126;--muted:#5c6570;--line:#d9dde2;--soft:#f1f3f5;--curve-1:#0b63b5;--curve-2:#c2410c;--curve-3:#00a381;--curve-4:#4a0d67;--curve-5:#c369ff;--curve-6:#870000;--warn:#fff4d6;--warn-line:#d69e00;--mask:#33404d}
@media (prefers-color-scheme:dark){:root{--page:#14171b;--ink:#e4e7eb;--muted:#9aa4af;--line:#343b44;--soft:#1d2228;--curve-1:#5aa9f4;--curve-2:#f58a52;--curve-3:#70f0c8;--curve-4:#7c3aed;--curve-5:#f0f000;--curve-6:#c2347c;--warn:#3a2f10;--warn-line:#b98a13;--mask:#aebac6}}`;

export const style = `
${colors}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
main,header,footer{max-width:1040px;margin:0 auto;padding:0 20px}
header{padding-top:32px}
h1{font-size:1.8rem;line-height:1.2;margin:0 0 .4rem}
h2{font-size:1.35rem;margin:2.6rem 0 .5rem;padding-top:1.2rem;border-top:1px solid var(--line)}
h3{font-size:1.05rem;margin:1.6rem 0 .6rem}
h4{font-size:.95rem;margin:0 0 .3rem}
p{max-width:72ch;margin:.5rem 0}
.lead,.caption,figcaption,.note,footer{color:var(--muted)}
.caption,figcaption,.note{font-size:.875rem;line-height:1.45}
nav{display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin:.8rem 0 0;font-size:.9rem}
a{color:var(--curve-1)}
img{image-rendering:pixelated;display:block;max-width:100%;height:auto;background:var(--soft)}
figure{margin:0}figcaption{margin-top:5px}
code,pre{font:.85em/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
pre{background:var(--soft);padding:12px;overflow:auto;border-radius:6px}
details{margin:.4rem 0}summary{cursor:pointer}
table{border-collapse:collapse;font-size:.92rem;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .8rem .35rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
th[scope=row]{font-weight:500;color:var(--muted)}
.scroll{overflow-x:auto}
.result{margin:.8rem 0}
.result td,.result thead th{text-align:right;padding-left:1.4rem;white-space:nowrap}
.result .main th,.result .main td{font-size:1.25rem;font-weight:650;color:var(--ink)}
.result .main td:nth-child(2){color:var(--curve-1)}
.result .main td:nth-child(3){color:var(--curve-2)}
.warning{background:var(--warn);border-left:4px solid var(--warn-line);padding:.6rem .9rem;border-radius:4px}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,300px),1fr));gap:1.6rem 1.8rem}
.chart{display:flex;flex-direction:column}.chart h3{font-size:.95rem;margin:0 0 .3rem}
.chart svg{width:100%;max-width:560px;height:auto;display:block}
.ablation tbody th{color:var(--ink);white-space:nowrap}.ablation small{display:block;color:var(--muted)}.ablation strong{color:var(--curve-2)}
.dots text{font-size:11px;fill:var(--muted)}.dots .end{text-anchor:end}.dots .rule{stroke:var(--line)}.dots .mean{stroke:var(--curve-2);stroke-width:2.5}.dots circle{fill:var(--curve-1);fill-opacity:.75}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1rem;margin:0 0 .2rem;padding:0;font-size:.85rem}
.swatch{display:inline-block;width:22px;margin-right:.4rem;vertical-align:middle;border-top:3px solid}
.swatch-1{border-color:var(--curve-1)}.swatch-2{border-color:var(--curve-2)}.swatch-3{border-color:var(--curve-3)}.swatch-4{border-color:var(--curve-4)}.swatch-5{border-color:var(--curve-5)}.swatch-6{border-color:var(--curve-6)}
.swatch.dashed{border-top-style:dashed}
.legend li{overflow-wrap:anywhere}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:.9rem 1.6rem;margin:1.2rem 0 0}
.facts dt{font-size:.8rem;color:var(--muted)}.facts dd{margin:0;font-size:1.15rem;font-weight:600;overflow-wrap:anywhere}
.facts small{display:block;font-weight:400;font-size:.8rem;color:var(--muted)}
.runs th,.runs td{padding-right:1.2rem}.runs td{white-space:nowrap}.runs .name{white-space:normal}.runs td small{display:block;color:var(--muted)}
.runs thead th{vertical-align:bottom}.runs th[scope=row]{color:var(--ink)}
.name{display:block;width:max-content;max-width:min(16rem,48vw);overflow-wrap:anywhere}
.side{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:0 36px}.side>*{min-width:0}.side pre{max-height:38rem}.side td{overflow-wrap:anywhere}
.top{font-weight:700}.top::after{content:" \\2605";color:var(--curve-2)}
h1,.warning,summary,figure{overflow-wrap:anywhere}
.warning ul{margin:.3rem 0 0;padding-left:1.2rem}
.live{font-size:.875rem;color:var(--muted)}
.pairs{display:flex;flex-wrap:wrap;gap:14px 20px}
.pair div{display:flex;gap:3px}
.grids{display:flex;flex-wrap:wrap;gap:20px 28px}
.grid div{display:flex;gap:6px}
.grid div>*{width:min(196px,calc(50% - 3px));height:auto}
.grid{max-width:100%}
.token-grid{display:block;max-width:100%;height:auto}
.token-grid text{font:10px ui-monospace,Menlo,Consolas,monospace;text-anchor:middle;fill:#16181b}
.token-grid .on-dark{fill:#fff}
.token-grid .on-color{fill:#fff;paint-order:stroke;stroke:#16181b;stroke-width:2px}
.codebook{display:grid;grid-template-columns:repeat(auto-fill,minmax(56px,1fr));gap:10px 8px}
.codebook figcaption{font-size:.72rem;line-height:1.3;font-variant-numeric:tabular-nums}
.restorations,.attentions{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:20px 28px}
.row{display:flex;gap:6px;margin-bottom:4px}
.row>div{flex:1 1 0;min-width:0;max-width:112px}
.row span{display:block;font-size:.72rem;color:var(--muted);line-height:1.3}
.masks{display:flex;flex-wrap:wrap;gap:20px 32px;align-items:flex-start}
.masks figure{max-width:330px}
.mistakes{display:grid;grid-template-columns:repeat(auto-fill,minmax(160px,1fr));gap:18px 16px}
.samples{display:flex;flex-wrap:wrap;gap:8px}
.mask{background:var(--soft);height:auto}.mask rect{fill:var(--mask)}
.tables{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:0 36px}
.tables td{overflow-wrap:anywhere}
footer{margin-top:3rem;padding-bottom:40px;font-size:.875rem}
[class^=depth-]{background:color-mix(in srgb,var(--curve-1) var(--depth),transparent)}
${depths}
@media (max-width:560px){main,header,footer{padding:0 16px}h1{font-size:1.5rem}.result{font-size:.82rem;width:100%}.result th,.result td{padding-right:0}.result td,.result thead th{padding-left:.35rem;white-space:normal}.result .main th,.result .main td{font-size:1rem}.result td:last-child,.ablation tbody th{white-space:normal}.codebook{grid-template-columns:repeat(auto-fill,minmax(44px,1fr))}.row{gap:3px}}
@media print{details{display:block}}
`;
