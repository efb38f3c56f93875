import { chromium } from "playwright-core"; import { createServer } from "node:http"; import { readFileSync, existsSync } from "node:fs"; import { join, extname } from "node:path";
const folder = process.argv[2], dist="/work/main/apps/web/dist";
const types={".html":"text/html",".js":"text/javascript",".css":"text/css"};
const server=createServer((q,r)=>{const p=join(dist,q.url==="/"?"index.html":new URL(q.url,"http://x").pathname); if(!existsSync(p)) return r.writeHead(404).end(); r.writeHead(200,{"content-type":types[extname(p)]??"application/octet-stream","Cross-Origin-Opener-Policy":"same-origin","Cross-Origin-Embedder-Policy":"require-corp"}); r.end(readFileSync(p));}).listen(0,"127.0.0.1"); await new Promise(r=>server.once("listening",r));
const b = await chromium.launch({ executablePath: folder+"/chromium", args:["--headless=shell","--no-sandbox","--no-zygote"], env:{...process.env, LD_LIBRARY_PATH: folder}});
const p = await b.newPage({ locale:"en-US", viewport:{width:1200,height:900}});
await p.goto(`http://127.0.0.1:${server.address().port}/#imagine`); await p.getByText("First guess is right").waitFor();
for (const s of ["Cat","Coffee","Astronaut","Rocket"]) { await p.getByRole("button",{name:"Sample: "+s}).click(); await p.waitForTimeout(1200); await p.locator(".figures").screenshot({path:`/tmp/im-${s}.png`}); console.log(s, (await p.locator("main dl").innerText()).replace(/\n/g," ")); }
await p.locator("#tab-attention").click(); await p.getByLabel("All layers").check(); await p.waitForTimeout(1500); await p.screenshot({path:"/tmp/att.png", fullPage:true});
await b.close(); server.close();
