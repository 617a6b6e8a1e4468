// Reads nothing itself: on a workspace in which a report and the response to it wait, gives a name, accepts every
// recommendation and every answer with the keyboard alone, and looks at what the register then shows. Also: axe on each
// kind of review page in light and dark, no page needs a script, and a form from elsewhere is refused.
//
//   node review.mjs BASE_ADDRESS SCREENSHOT_FOLDER

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const [base, shots] = process.argv.slice(2);
mkdirSync(shots, { recursive: true });
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
let passed = 0;
const check = (what, holds) => {
  assert.ok(holds, what);
  passed += 1;
};

const accessible = async (page, name) => {
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme });
    const found = await page.evaluate(`${axe}; axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] })`);
    check(`${name} (${scheme}): ${JSON.stringify(found.violations.map((v) => [v.id, v.nodes[0]?.html]))}`, found.violations.length === 0);
    await page.screenshot({ path: `${shots}/review-${name}-${scheme}.png` });
  }
  await page.emulateMedia({ colorScheme: "light" });
};

// The content security policy forbids evaluating the checker, so this context sets it aside; nothing else does.
const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, bypassCSP: true });
const page = await context.newPage();
await page.goto(`${base}/review/`);
await accessible(page, "index");

// Without a name nothing can be judged.
const documents = await page.locator("main ul.plainlist a").allTextContents();
check("documents wait", documents.length >= 2);

// Tab to the name, write it, press Enter.
await page.locator("#name").focus();
await page.keyboard.type("Robin Ash, audit secretariat");
await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
check("the name is kept", (await page.inputValue("#name")) === "Robin Ash, audit secretariat");

const follow = async (words) => {
  // Walk by Tab until the link has the focus, as someone without a mouse would.
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => document.activeElement?.textContent?.trim() ?? "");
    if (focused.startsWith(words)) {
      await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
      return;
    }
  }
  throw new Error(`no link ${words} was reached by Tab`);
};

const acceptAll = async (title, first) => {
  await page.goto(`${base}/review/`);
  await follow(title);
  await accessible(page, `list-${first}`);
  await follow("Go on with the first");
  await accessible(page, `one-${first}`);
  check("the passage is marked", (await page.locator("mark").count()) > 0);
  for (let turns = 0; turns < 40; turns += 1) {
    if (!(await page.locator('button[value="accept"]').count())) break;
    const before = page.url();
    await page.keyboard.press("a");
    await page.waitForURL((url) => url.href !== before, { timeout: 10_000 }).catch(() => {});
    const problems = await page.locator("#problems").allTextContents();
    if (problems.length) throw new Error(`${page.url()}: ${problems.join(" ")}`);
  }
  check(`all of ${title} is judged`, (await page.locator("main").textContent()).includes("Everything read in this document has been judged"));
};

await acceptAll("The Harbour Region Inquiry", "report");

// Take the last one back, reject it with a reason, take that back and accept it again: all by key.
await page.keyboard.press("Tab");
const undo = page.locator('.done button[value="undo"]');
check("what was done can be taken back", (await undo.count()) === 1);
await undo.focus();
await page.keyboard.press("Enter");
await page.waitForURL(/done=reopened/);
await page.locator("#reason").focus();
await page.keyboard.type("Not a recommendation");
await page.keyboard.press("Escape");
await page.keyboard.press("r");
await page.waitForURL(/done=rejected/);
await page.locator('.done button[value="undo"]').focus();
await page.keyboard.press("Enter");
await page.waitForURL(/done=reopened/);

// Split it where the cursor stands, look at both halves, and put it together again.
const words = await page.inputValue("#text");
const before = words.split(" ").slice(4, 8).join(" ");
await page.locator("#before").focus();
await page.keyboard.type(before);
await page.keyboard.press("Escape");
await page.keyboard.press("s");
await page.waitForURL(/done=split/);
check("two wait", (await page.locator("main").textContent()).includes("of 14 judged"));
await page.keyboard.press("m");
await page.waitForURL(/done=merged/);
check("one waits, with the words of both", (await page.inputValue("#text")).replace(/\s+/g, " ") === words.replace(/\s+/g, " "));
await page.keyboard.press("a");
await page.waitForURL(/done=accepted/);

// An answer: the recommendation is found by number and words; who answers is filled in.
await acceptAll("Government response", "response");
await page.goto(`${base}/recommendations/`);
const list = await page.locator("main").textContent();
check("the register shows the report's recommendations", list.includes("Harbour Region Inquiry"));
const links = await page.locator('main a[href*="recommendations/"]').evaluateAll((all) => all.map((a) => a.href));
await page.goto(links[1] ?? links[0]);
const shown = await page.locator("main").textContent();
check("an answer stands beside its recommendation", shown.includes("Accepted in principle only") || shown.includes("Accepted"));
await page.screenshot({ path: `${shots}/review-register.png`, fullPage: true });

// Without a script every page still works, and without a name it says so.
const bare = await browser.newContext({ javaScriptEnabled: false });
const plain = await bare.newPage();
await plain.goto(`${base}/review/`);
await plain.getByRole("link", { name: /CAMPAIGNER/i }).click();
await plain.locator("ol.rows a").first().click();
check("without a name it can be looked at, and says what is missing", (await plain.locator("main").textContent()).includes("give your name"));
await plain.goto(`${base}/review/`);
await plain.fill("#name", "Kim Vale");
await plain.click("form.inline button");
await plain.getByRole("link", { name: /CAMPAIGNER/i }).click();
await plain.locator("ol.rows a").first().click();
await plain.click('button[value="accept"]');
check("a notice is accepted without a script", plain.url().includes("done=accepted"));

// A form from another site, or from another run, changes nothing.
const target = plain.url().split("?")[0];
const foreign = await fetch(target, { method: "POST", headers: { origin: "https://elsewhere.example" }, body: "action=accept" });
check("a form from elsewhere is refused", foreign.status === 403);
const stale = await fetch(target, { method: "POST", headers: { cookie: "candour-reviewer=Kim" }, body: "token=wrong&action=accept" });
check("a form of another run is refused", stale.status === 403);

await browser.close();
console.log(`review: ${passed} passed, 0 failed`);
