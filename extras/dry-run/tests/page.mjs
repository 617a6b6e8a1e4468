// Checks invented returns with the page in Chromium, with the network shut, and with the program, and compares what they say byte for
// byte. Also: the keyboard alone, no script, axe in light and dark, narrow screens, and that nothing is asked of any network.
//
//   node page.mjs PAGE.html FOLDER_OF_RETURNS PROGRAM SCREENSHOT_FOLDER
//   node page.mjs PAGE.html FOLDER_OF_ONE_RETURN --time       time and memory of one return instead

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [page_file, folder, program, shots] = process.argv.slice(2);
const address = pathToFileURL(resolve(page_file)).href;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  // No name leads anywhere, and there is no way round it.
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND"],
});
let passed = 0;
const check = (what, holds) => {
  assert.ok(holds, what);
  passed += 1;
};

// A context without a network, and a page whose every request is noted.
const open = async (options = {}) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  await context.setOffline(true);
  const page = await context.newPage();
  const asked = [];
  const wrong = [];
  context.on("request", (request) => asked.push(request.url()));
  page.on("websocket", (socket) => asked.push(socket.url()));
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && wrong.push(message.text()));
  await page.goto(address);
  const quiet = () => {
    // A worker and a file to save are made in the browser, and have addresses in it.
    const away = asked.filter((url) => url !== address && !url.startsWith("blob:") && !url.startsWith("data:"));
    check(`nothing is asked of a network: ${away}`, away.length === 0);
    check(`nothing goes wrong: ${wrong}`, wrong.length === 0);
  };
  return { context, page, quiet };
};

const done = (page, most = 60_000) => page.locator("#results h2").first().waitFor({ timeout: most });
const run = async (page, most) => {
  await page.click("#check");
  await done(page, most);
};
const saved = async (page, what) => {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(`#save-${what}`)]);
  return readFileSync(await download.path(), "utf8");
};

// Time and memory of one return.
if (program === "--time") {
  const { page } = await open();
  // On a busy machine only processor time says anything. Both are of the process that holds the page.
  const system = await browser.newBrowserCDPSession();
  const used = async () => {
    const { processInfo } = await system.send("SystemInfo.getProcessInfo");
    const rendering = processInfo.filter((one) => one.type === "renderer");
    const peak = (one) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${one.id}/status`, "utf8"))?.[1] ?? 0) / 1024;
    return { seconds: rendering.reduce((sum, one) => sum + one.cpuTime, 0), peak: Math.max(...rendering.map(peak)) };
  };
  const before = await used();
  await page.setInputFiles("#folder", folder);
  const begun = performance.now();
  await page.click("#check");
  // The page must answer while it checks.
  let longest = 0;
  for (;;) {
    const asked = performance.now();
    const is = await page.evaluate(() => new Promise((answer) => requestAnimationFrame(() => answer(!!document.querySelector("#results h2, #problem:not([hidden])")))));
    longest = Math.max(longest, performance.now() - asked);
    if (is) break;
    await new Promise((rest) => setTimeout(rest, 50));
  }
  const { seconds, memory } = await page.locator("#results").evaluate((element) => ({ ...element.dataset }));
  const wall = (performance.now() - begun) / 1000;
  const after = await used();
  console.log(await page.locator("#results section > p.soft").first().textContent());
  console.log(`${(after.seconds - before.seconds).toFixed(1)} s of processor time, ${seconds} s in the worker, ${wall.toFixed(1)} s from the click to the answer`);
  console.log(`${(memory / 1e6).toFixed(0)} MB of WebAssembly memory, the process at most ${after.peak.toFixed(0)} MiB (${before.peak.toFixed(0)} before); the page was away for at most ${longest.toFixed(0)} ms`);
  await browser.close();
  process.exit(0);
}

mkdirSync(shots, { recursive: true });
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
// What the program says of the same files under the same names.
const told = (place, ...more) => {
  try {
    return execFileSync(resolve(program), ["returns", "check", place, ...more], { cwd: resolve(folder), encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1 << 28 });
  } catch (error) {
    // It ends with 1 where there is something to correct.
    assert.equal(error.status, 1, error.message);
    return error.stdout;
  }
};

// Every return as a folder: the same findings as the program's, byte for byte, and as JSON. The program holds returns of one command
// against one another; the page is for one body, so the program is asked of each by itself.
const apart = { nation: ["nation/X23000001/v2", "nation/X23000002"] };
const csv_of = (name) => (apart[name] ?? [name]).map((place) => told(place, "--format", "csv")).map((csv, at) => (at ? csv.slice(csv.indexOf("\n") + 1) : csv)).join("");
const json_of = (name) => {
  const all = (apart[name] ?? [name]).map((place) => told(place, "--format", "json", "--quality").trimEnd());
  return `${name in apart ? `[${all.join(",")}]` : all[0]}\n`;
};
const expected = {
  good: "Nothing to correct and nothing to explain.",
  bad: "This return would be stopped.",
  latin: "This return would be stopped.",
  wide: "This return would be stopped.",
  dialect: "Nothing to correct and nothing to explain.",
  nation: "This return would be stopped.",
};
for (const [name, words] of Object.entries(expected)) {
  const { context, page, quiet } = await open();
  await page.setInputFiles("#folder", join(folder, name));
  await run(page);
  check(`${name}: ${words}`, (await page.locator("#results .headline").allTextContents()).some((said) => said.startsWith(words)));
  const csv = await saved(page, "csv");
  assert.equal(csv, csv_of(name), `${name}: the page and the program find the same`);
  assert.equal(await saved(page, "json"), json_of(name), `${name}: the same as JSON`);
  passed += 2;
  check(`${name}: there are findings where there should be`, csv.split("\n").length > 2 === !words.startsWith("Nothing"));
  quiet();
  await context.close();
}

// A bad return, looked at: rules open, findings have places, nothing of a record is shown anywhere.
{
  const { context, page, quiet } = await open();
  await page.setInputFiles("#folder", join(folder, "bad"));
  await run(page);
  for (const rule of await page.locator("details.rule > summary").all()) await rule.click();
  await page.locator("details.rule tbody tr").first().waitFor();
  const text = await page.locator("#results").innerText();
  for (const part of ["ST04", "CN04", "recorded_on", "3 perpetrators are noted"]) check(`it shows ${part}`, text.includes(part));
  const everything = (await page.locator("main").innerHTML()) + (await saved(page, "csv")) + (await saved(page, "json"));
  const lines = readFileSync(join(folder, "bad", "victim.csv"), "utf8").trim().split("\n").map((line) => line.slice(1, -1).split('","'));
  const secret = ["forename", "surname", "dob", "postcode", "nhs_no", "upn", "local_id"].map((column) => lines[0].indexOf(column)).filter((at) => at >= 0);
  const values = new Set(lines.slice(1).flatMap((line) => secret.map((at) => line[at])).filter((value) => value.length > 3));
  check(`there are values to look for: ${values.size}`, values.size > 50);
  const shown = [...values].filter((value) => everything.includes(value));
  check(`no value of a linkage column is shown or saved: ${shown}`, shown.length === 0);
  check("nor a cell that was found", !everything.includes("45723"));
  await page.screenshot({ path: `${shots}/bad-light.png`, fullPage: true });
  await page.emulateMedia({ colorScheme: "dark" });
  await page.screenshot({ path: `${shots}/bad-dark.png`, fullPage: true });
  await page.setViewportSize({ width: 390, height: 844 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  check(`at 390 px it scrolls sideways by ${wide} px`, wide <= 0);
  await page.screenshot({ path: `${shots}/bad-narrow.png`, fullPage: true });
  await page.setViewportSize({ width: 1280, height: 900 });
  for (const more of await page.locator("#results > section > details:not(.rule)").all()) await more.locator("summary").click();
  await page.screenshot({ path: `${shots}/quality-dark.png`, fullPage: true });
  quiet();
  // What a page of ours cannot do even if it were changed: the policy stops it before anything is sent.
  const sent = await page.evaluate(async () => {
    const tries = [fetch("https://example.org/"), new Promise((yes, no) => Object.assign(new Image(), { onload: yes, onerror: no, src: "https://example.org/a.png" }))];
    return (await Promise.allSettled(tries)).filter((one) => one.status === "fulfilled").length;
  });
  check("the policy lets no connection out", sent === 0);
  await context.close();
}

// Loose files with a mapping chosen by itself; the wrong type of body; Parquet is named.
{
  const { context, page, quiet } = await open();
  const files = readdirSync(join(folder, "dialect")).filter((name) => name.endsWith(".csv")).map((name) => join(folder, "dialect", name));
  await page.setInputFiles("#files", files);
  await page.locator("section details > summary").first().click();
  await page.setInputFiles("#mapping", join(folder, "dialect", "mapping.toml"));
  await run(page);
  check("files with a mapping are clean", (await page.locator("#results .headline").textContent()).startsWith("Nothing to correct"));
  await page.setInputFiles("#mapping", []);
  await page.selectOption("#type", "HEALTH");
  await run(page);
  const text = await page.locator("#results").innerText();
  check("without it they are not, and the type is not the expected one", text.includes("HEALTH was expected") && text.includes("would be stopped"));
  await page.selectOption("#type", "");
  await page.setInputFiles("#mapping", { name: "wrong.toml", mimeType: "text/plain", buffer: Buffer.from("name = 'x'\ncodes.sexes = { Boy = 'M' }") });
  await page.click("#check");
  await page.locator("#problem:not([hidden])").waitFor();
  check("a mapping that is wrong is said", (await page.locator("#problem").textContent()).includes("did you mean `sex`?"));
  await page.setInputFiles("#mapping", []);
  await page.setInputFiles("#files", [{ name: "victim.parquet", mimeType: "", buffer: Buffer.from("PAR1") }, { name: "letter.docx", mimeType: "", buffer: Buffer.from("x") }]);
  await run(page);
  const faults = await page.locator("#results").innerText();
  check("what is not read is said", faults.includes("is a Parquet file, which is not read here") && faults.includes("letter.docx is no kind of file"));
  quiet();
  await context.close();
}

// A workbook: the empty template of a children's service, as the program reads it.
{
  const { context, page, quiet } = await open();
  rmSync(join(shots, "template"), { recursive: true, force: true });
  execFileSync(resolve(program), ["returns", "template", "--body-type", "childrens", "--out", join(resolve(shots), "template")], { stdio: "ignore" });
  const workbook = join(resolve(shots), "template", "return.xlsx");
  await page.setInputFiles("#files", workbook);
  await run(page);
  const program_says = told(workbook, "--format", "csv").replaceAll(`${dirname(workbook)}/`, "");
  assert.equal(await saved(page, "csv"), program_says, "a workbook gives the same findings");
  passed += 1;
  check("and it has some", program_says.includes("must have one"));
  quiet();
  await context.close();
}

// The keyboard alone: Tab to the files, choose, Tab to the button, Enter; results take the focus; open a rule; show more; save.
{
  const { context, page, quiet } = await open();
  const tab = async (id) => {
    for (let presses = 0; presses < 60; presses += 1) {
      await page.keyboard.press("Tab");
      if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), id)) return;
    }
    throw new Error(`${id} was not reached by Tab`);
  };
  // Asked for early: the browser must know by then that the choice is made here.
  const choice = page.waitForEvent("filechooser", { timeout: 60_000 });
  await page.keyboard.press("Tab");
  check("the first stop is the skip link", (await page.locator(":focus").textContent()) === "Skip to the main content");
  await tab("#check");
  await page.keyboard.press("Enter");
  check("without files it says what to do", (await page.locator("#problem").textContent()).startsWith("No files are chosen yet"));
  check("and leads there", (await page.evaluate(() => document.activeElement.id)) === "files");
  await page.keyboard.press("Enter");
  const chooser = await choice;
  // Four hundred rows without a key, so that the findings are more than one stretch.
  const rows = "person_id,list_id\n" + "P 1,\n".repeat(400);
  await chooser.setFiles([{ name: "victim.csv", mimeType: "text/csv", buffer: Buffer.from(rows) }]);
  await tab("#check");
  await page.keyboard.press("Enter");
  await done(page);
  check("the results take the focus", await page.evaluate(() => document.activeElement.matches("#results h2")));
  await tab("details.rule > summary");
  await page.keyboard.press("Enter");
  const open_rule = page.locator("details.rule[open]").first();
  await open_rule.locator("p.soft").waitFor();
  const ids = page.locator("details.rule").filter({ hasText: "of 400" }).first();
  await ids.locator("summary").focus();
  if ((await ids.getAttribute("open")) === null) await page.keyboard.press("Enter");
  await ids.locator("tbody tr").first().waitFor();
  check("a hundred findings are shown at first", (await ids.locator("tbody tr").count()) === 100);
  await tab("details.rule[open] button");
  await page.keyboard.press("Enter");
  await ids.locator("tbody tr").nth(150).waitFor();
  check("and two hundred then", (await ids.locator("tbody tr").count()) === 200);
  await page.locator("#save-csv").focus();
  const [download] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("Enter")]);
  check("the findings are saved", statSync(await download.path()).size > 10_000);
  quiet();
  await context.close();
}

// What is dropped on the page is taken like what is chosen.
{
  const { context, page, quiet } = await open();
  const transfer = await page.evaluateHandle(() => {
    const data = new DataTransfer();
    data.items.add(new File(["person_id,list_id\nP1,L1\n"], "victim.csv"));
    return data;
  });
  await page.dispatchEvent("#drop", "drop", { dataTransfer: transfer });
  await page.locator("#chosen:not([hidden])").waitFor();
  await run(page);
  check("a dropped file is read", (await page.locator("#results").innerText()).includes("1 record in 1 table"));
  quiet();
  await context.close();
}

// Without scripts the page says what it is and what to do.
{
  const { context, page } = await open({ javaScriptEnabled: false });
  const text = await page.locator("main").innerText();
  check("without scripts it says so", text.includes("Scripts are turned off") && text.includes("candour returns check"));
  check("and offers nothing that would not work", !(await page.locator("#form").isVisible()));
  await page.screenshot({ path: `${shots}/no-script.png`, fullPage: true });
  await context.close();
}

// axe, before and after, in light and dark. The checker itself needs the policy set aside; nothing else does.
for (const scheme of ["light", "dark"]) {
  const { context, page } = await open({ bypassCSP: true, colorScheme: scheme });
  const accessible = async (state) => {
    const found = await page.evaluate(`${axe}; axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })`);
    check(`${state} (${scheme}): ${JSON.stringify(found.violations.map((v) => [v.id, v.nodes[0]?.html]))}`, found.violations.length === 0);
  };
  await accessible("to begin with");
  await page.screenshot({ path: `${shots}/begin-${scheme}.png`, fullPage: true });
  await page.setInputFiles("#folder", join(folder, "nation"));
  await run(page);
  await page.locator("details.rule > summary").filter({ hasText: "stop" }).first().click();
  await page.locator("details.rule tbody tr").first().waitFor();
  for (const more of await page.locator("#results > section > details:not(.rule)").all()) await more.locator("summary").click();
  await accessible("with findings");
  await context.close();
}

await browser.close();
console.log(`${basename(page_file)}: ${passed} passed, 0 failed`);
