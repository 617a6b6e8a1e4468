// Loads every kind of page in Chromium and checks: it answers, axe finds nothing against WCAG 2.2 AA, it makes at most three
// requests and weighs at most 30 KB gzipped, it works with scripts turned off, and nothing is fetched from elsewhere.
//
//   node smoke.mjs BASE_ADDRESS SCREENSHOT_FOLDER

import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright-core";

const [base, shots] = process.argv.slice(2);
mkdirSync(shots, { recursive: true });
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const links = async (path, pattern) => {
  const html = await (await fetch(base + path)).text();
  return [...html.matchAll(/href="([^"]*)"/g)].map((m) => m[1]).find((href) => pattern.test(href));
};
const document = ((await links("/documents/", /documents\/[0-9a-f]{64}\//)) ?? "").replace(/^(\.\.\/)+/, "/");

const pages = [
  "/",
  "/recommendations/",
  "/recommendations/iicsa-2022-13/",
  "/recommendations/iicsa-2022-05/",
  "/recommendations/casey-2025-07/",
  "/recommendations/hmicfrs-gbcse-2023-1/",
  "/instruments/iicsa/",
  "/instruments/iicsa-2022/",
  "/instruments/casey-2025/",
  "/headlines/not_known/",
  "/due/",
  "/bodies/",
  "/bodies/home-office/",
  "/bodies/la-hpl/",
  "/sources/",
  "/sources/dfe-cpa-consult/",
  "/documents/",
  "/figures/",
  "/method/",
  "/accuracy/",
  "/releases/",
  "/releases/example-linkage/",
  "/releases/example-estimate/",
  "/returns/",
  "/language/",
  "/accessibility/",
  "/search/",
  "/search/?q=reporting",
  "/as-at/",
  "/as-at/2025-01-16/",
  "/as-at/2023-01-01/recommendations/iicsa-2022-13/",
  "/history/",
  "/history/400/",
  ...(document ? [document] : []),
];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
let passed = 0;
const failures = [];
const check = (condition, message) => (condition ? passed++ : failures.push(message));

for (const [scheme, width] of [
  ["light", 1280],
  ["dark", 390],
]) {
  const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height: 900 }, bypassCSP: true });
  for (const path of pages) {
    const page = await context.newPage();
    const requests = [];
    page.on("request", (request) => requests.push(request.url()));
    const errors = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    const response = await page.goto(base + path, { waitUntil: "load" });
    check(response.status() === 200, `${path}: status ${response.status()}`);
    const fetched = requests.filter((url) => !url.startsWith("data:"));
    check(fetched.length <= 3, `${path}: ${fetched.length} requests`);
    check(fetched.every((url) => url.startsWith(base)), `${path}: something is fetched from elsewhere: ${fetched}`);
    let weight = 0;
    for (const url of fetched) weight += gzipSync(Buffer.from(await (await fetch(url)).arrayBuffer())).length;
    check(weight <= 30 * 1024, `${path}: ${weight} bytes gzipped`);
    if (path === "/" && width === 1280) console.log(`first page: ${weight} bytes gzipped in ${fetched.length} requests`);
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() =>
      globalThis.axe.run(globalThis.document, {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      }),
    );
    const found = violations.map((v) => `${v.id} (${v.nodes.length}): ${v.nodes[0].html.slice(0, 160)}`);
    check(violations.length === 0, `${path} ${scheme}: axe: ${found.join(" | ")}`);
    check(errors.length === 0, `${path}: ${errors.join(" | ")}`);
    const wide = await page.evaluate(() => globalThis.document.documentElement.scrollWidth - globalThis.innerWidth);
    check(wide <= 0, `${path} at ${width}: scrolls sideways by ${wide} px`);
    const name = path.replace(/[^a-z0-9-]+/gi, "_").replace(/^_|_$/g, "") || "home";
    await page.screenshot({ path: `${shots}/${name.slice(0, 60)}-${scheme}.png`, fullPage: true });
    await page.close();
  }
  await context.close();
}

// The whole of the register is there with scripts turned off, and with a keyboard alone.
const plain = await browser.newContext({ javaScriptEnabled: false });
const page = await plain.newPage();
await page.goto(`${base}/`);
await page.fill("#q", "reporting");
await page.press("#q", "Enter");
check(page.url().includes("/search/?q=reporting"), `search leads to ${page.url()}`);
check((await page.locator("ol li").count()) > 0, "search finds nothing");
await page.goto(`${base}/`);
await page.fill("#date", "2025-01-16");
await page.locator("#date").press("Enter");
check(page.url().endsWith("/as-at/2025-01-16/"), `the dated view leads to ${page.url()}`);
await page.goto(`${base}/`);
await page.keyboard.press("Tab");
check((await page.locator(":focus").textContent()) === "Skip to the main content", "the first stop is not the skip link");
const missing = await page.goto(`${base}/nothing/`);
check(missing.status() === 404, `a page that is not there answers ${missing.status()}`);
await browser.close();

for (const failure of failures) console.log(`FAIL ${failure}`);
console.log(`${passed} passed, ${failures.length} failed`);
process.exit(failures.length ? 1 : 0);
