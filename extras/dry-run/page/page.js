// The page: files and settings in, findings out. It makes elements and sets their text; no string becomes markup.
"use strict";

(() => {
  const at = (id) => document.getElementById(id);
  const PAGE = 100;
  const WORDS = {
    stop: ["bad", "stop", "the return cannot be loaded"],
    error: ["caution", "error", "correct it"],
    query: ["moving", "query", "correct it or explain it"],
    indicator: ["plain", "indicator", "for information"],
  };
  const count = (number) => number.toLocaleString("en-GB");
  const several = (number, one, many) => `${count(number)} ${number === 1 ? one : many}`;

  // An element with attributes and children; text stays text.
  const make = (name, attributes = {}, ...children) => {
    const drawing = ["svg", "rect"].includes(name);
    const element = drawing ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };
  const table = (label, heading, rows) =>
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label },
      make("table", { class: "list", "aria-label": label },
        make("thead", {}, make("tr", {}, ...heading.map(([text, kind]) => make("th", kind ? { scope: "col", class: kind } : { scope: "col" }, text)))),
        make("tbody", {}, ...rows)));
  const number = (value) => make("td", { class: "n" }, count(value));

  let chosen = [];
  let module = null;
  let worker = null;
  let asked = 0;
  const waiting = new Map();

  const say = (text) => {
    at("status").textContent = text;
  };
  const refuse = (text) => {
    at("problem").textContent = text;
    at("problem").hidden = !text;
  };

  // Files

  const choose = (files) => {
    chosen = files.filter(({ name }) => !name.split("/").some((part) => part.startsWith(".")));
    chosen.sort((a, b) => (a.name < b.name ? -1 : 1));
    at("chosen").hidden = chosen.length === 0;
    const size = chosen.reduce((sum, { file }) => sum + file.size, 0);
    const large = size >= 1e6 ? `${(size / 1e6).toFixed(1)} MB` : `${Math.ceil(size / 1e3)} kB`;
    at("count").textContent = `${several(chosen.length, "file", "files")}, ${large}:`;
    const shown = chosen.slice(0, 60).map(({ name }) => make("li", {}, name));
    if (chosen.length > 60) shown.push(make("li", {}, `and ${count(chosen.length - 60)} more`));
    at("names").replaceChildren(...shown);
    say(chosen.length ? `${several(chosen.length, "file", "files")} chosen.` : "");
  };
  const picked = (input) => [...input.files].map((file) => ({ file, name: file.webkitRelativePath || file.name }));
  for (const [id, other] of [["files", "folder"], ["folder", "files"]]) {
    at(id).addEventListener("change", () => {
      at(other).value = "";
      choose(picked(at(id)));
    });
  }
  at("clear").addEventListener("click", () => {
    at("files").value = "";
    at("folder").value = "";
    choose([]);
    at("files").focus();
  });

  const walk = async (entry, found) => {
    if (entry instanceof File) {
      found.push({ file: entry, name: entry.name });
      return;
    }
    if (entry.isFile) {
      const file = await new Promise((done, failed) => entry.file(done, failed));
      found.push({ file, name: entry.fullPath.replace(/^\//, "") });
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((done, failed) => reader.readEntries(done, failed));
      if (some.length === 0) return;
      for (const inner of some) await walk(inner, found);
    }
  };
  const drop = at("drop");
  // A file that misses the zone would be opened by the browser in place of this page.
  for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (event) => event.preventDefault());
  drop.addEventListener("dragover", () => drop.classList.add("over"));
  for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));
  drop.addEventListener("drop", async (event) => {
    // The entries are gone once this function waits.
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry() ?? item.getAsFile()).filter(Boolean);
    const found = [];
    try {
      for (const entry of entries) await walk(entry, found);
    } catch {
      refuse("The browser could not read what was dropped. Choose the files or the folder instead.");
      return;
    }
    at("files").value = "";
    at("folder").value = "";
    refuse("");
    choose(found);
  });

  // The worker

  const end = () => {
    worker?.terminate();
    worker = null;
    waiting.clear();
  };
  const begin = () => {
    end();
    const source = URL.createObjectURL(new Blob([at("worker").textContent], { type: "text/javascript" }));
    worker = new Worker(source);
    URL.revokeObjectURL(source);
    worker.onmessage = ({ data }) => {
      if (data.stage !== undefined) {
        at("stage").textContent = data.stage ? `Reading ${data.stage}` : "Running the rules";
      } else if (data.total !== undefined) {
        at("progress").value = data.total ? data.read / data.total : 1;
      } else {
        const { done, failed } = waiting.get(data.answer) ?? {};
        waiting.delete(data.answer);
        if (data.failed === undefined) done?.(data.value);
        else failed?.(new Error(data.failed));
      }
    };
    worker.onerror = () => {
      for (const { failed } of waiting.values()) failed(new Error(""));
      waiting.clear();
    };
  };
  const ask = (what, more = {}) =>
    new Promise((done, failed) => {
      asked += 1;
      waiting.set(asked, { done, failed });
      worker.postMessage({ what, ask: asked, ...more });
    });

  const busy = (is) => {
    at("check").disabled = is;
    at("stop").hidden = !is;
    at("running").hidden = !is;
    at("progress").value = 0;
  };
  const text = async (id) => (at(id).files[0] ? await at(id).files[0].text() : null);

  at("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    refuse("");
    at("results").replaceChildren();
    if (chosen.length === 0) {
      refuse("No files are chosen yet. Choose the files of your return first.");
      at("files").focus();
      return;
    }
    busy(true);
    say("Checking.");
    begin();
    const mine = worker;
    try {
      const settings = {
        body_type: at("type").value || null,
        dialect: at("dialect").value || null,
        mapping: await text("mapping"),
        outside: await text("outside"),
        specification: await text("specification"),
      };
      const files = chosen.map(({ file }) => file);
      const names = chosen.map(({ name }) => name);
      show(await ask("run", { module, files, names, settings }));
    } catch (error) {
      if (worker !== mine) return;
      end();
      say("");
      refuse(error.message || "The check ended before it was done, for want of memory or by a fault of the page. Close other pages and try again, or use the program.");
    }
    if (worker === mine || worker === null) busy(false);
  });
  at("stop").addEventListener("click", () => {
    end();
    busy(false);
    say("Stopped. Nothing was kept.");
    at("check").focus();
  });

  // What was found

  const save = (what, name, words) => {
    const button = make("button", { type: "button", class: "quiet", id: `save-${what}` }, words);
    button.addEventListener("click", async () => {
      const address = URL.createObjectURL(await ask(what));
      make("a", { href: address, download: name }).click();
      // The browser has begun to save by then.
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
      say(`${name} was made in this browser and saved.`);
    });
    return button;
  };

  const stands = (one) => {
    const [stops, errors, queries] = one.counts;
    if (stops) return ["bad", "This return would be stopped. Mend what is marked stop, then what is marked error."];
    if (errors) return ["caution", "This return can be loaded, and has errors that must be corrected."];
    if (queries) return ["moving", "Nothing must be corrected. Be ready to explain what is marked query."];
    return ["good", "Nothing to correct and nothing to explain."];
  };

  const tag = (severity) => make("span", { class: `tag ${WORDS[severity][0]}` }, WORDS[severity][1]);

  const finding = (found) =>
    make("tr", {},
      make("td", {}, found.table ?? ""),
      make("td", { class: "n" }, found.row === null ? "" : count(found.row)),
      make("td", {}, found.column ?? ""),
      make("td", { class: "shape" }, found.shape),
      make("td", {}, found.message),
      make("td", {}, found.mend));

  const listed = (one, of, rule) => {
    const inside = make("div", {}, make("p", {}, rule.why), ...rule.notes.map((note) => make("p", {}, note)));
    if (rule.listed === 0) return inside;
    const label = `Findings of ${rule.id} in ${one.place}`;
    const heading = [["Table"], ["Row", "n"], ["Column"], ["Form of the cell"], ["What is wrong"], ["What to do"]];
    const whole = table(label, heading, []);
    const body = whole.querySelector("tbody");
    const more = make("button", { type: "button", class: "quiet" }, "Show more");
    const status = make("p", { class: "soft" });
    const next = async () => {
      const from = body.rows.length;
      more.disabled = true;
      body.append(...(await ask("findings", { of, rule: rule.id, from, most: PAGE })).map(finding));
      const now = body.rows.length;
      status.textContent = `${count(now)} of ${several(rule.listed, "finding", "findings")} shown.`;
      more.disabled = false;
      more.hidden = now >= rule.listed;
    };
    more.addEventListener("click", next);
    inside.append(whole, status, more);
    inside.begin = next;
    return inside;
  };

  const ruled = (one, of, rule) => {
    const share = rule.failed ? `: ${count(rule.failed)} of ${count(rule.tested)}` : "";
    const details = make("details", { class: "rule" },
      make("summary", {}, tag(rule.severity), make("strong", {}, rule.id), ` ${rule.title}${share}`));
    details.addEventListener("toggle", () => {
      if (!details.open || details.children.length > 1) return;
      const inside = listed(one, of, rule);
      details.append(inside);
      inside.begin?.();
    });
    return details;
  };

  const bar = (share) =>
    make("svg", { class: "share", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
      make("rect", { class: "all", width: "100", height: "10" }),
      make("rect", { class: "now", width: (100 * share).toFixed(1), height: "10" }));
  // Rounded down, so that only what is whole is 100 %.
  const percent = (share) => `${(Math.floor(1000 * share) / 10).toFixed(1)} %`;

  const fields = (one) => {
    const rows = one.fields.map((field) =>
      make("tr", {},
        make("th", { scope: "row" }, `${field.table}.${field.column}`),
        make("td", {}, bar(field.complete.of ? field.complete.share : 0)),
        make("td", { class: "n" }, field.complete.of ? percent(field.complete.share) : "does not apply"),
        ...field.counts.missing.map(number),
        number(field.counts.blank),
        number(field.counts.invalid)));
    const heading = [["Column"], ["Complete"], ["Share", "n"], ["NA", "n"], ["NK", "n"], ["NR", "n"], ["NC", "n"], ["Blank", "n"], ["Wrong type", "n"]];
    return table(`How complete each column of ${one.place} is`, heading, rows);
  };

  const dimensions = (one) => {
    const rows = one.dimensions.map((d) =>
      make("tr", {},
        make("th", { scope: "row" }, d.dimension[0].toUpperCase() + d.dimension.slice(1)),
        make("td", { class: "n" }, d.pass ? percent(d.pass.share) : "nothing was tested"),
        make("td", { class: "n" }, d.pass ? `${percent(d.pass.lower)} to ${percent(d.pass.upper)}` : ""),
        number(d.failed), number(d.tested), number(d.not_run)));
    const heading = [["Dimension"], ["Passed, weighted", "n"], ["95 % interval", "n"], ["Failed", "n"], ["Tests", "n"], ["Rules not run", "n"]];
    return table(`Quality of ${one.place} by dimension`, heading, rows);
  };

  const section = (one, of) => {
    const [kind, words] = stands(one);
    const id = `return-${of}`;
    const version = one.version === null ? "no version" : `version ${one.version}`;
    const type = one.body_type === null ? "no type" : one.body_type.toLowerCase();
    const parts = [
      make("h2", { id, tabindex: "-1" }, `${one.body} (${type}), ${version}`),
      make("p", { class: "soft" }, `${one.place}: ${several(one.records, "record", "records")} in ${several(one.rows.length, "table", "tables")} (${one.rows.map(([name, rows]) => `${name} ${count(rows)}`).join(", ")})`),
      make("p", { class: `tag headline ${kind}` }, words),
      make("ul", { class: "counts", "aria-label": "Findings by how much they matter" },
        ...Object.entries(WORDS).map(([, [colour, name, does]], place) =>
          make("li", { class: one.counts[place] ? colour : "plain" }, make("strong", {}, count(one.counts[place])), `${name}: ${does}`))),
    ];
    if (one.faults.length) {
      parts.push(make("h3", {}, "Files"), make("ul", {}, ...one.faults.map((fault) =>
        make("li", {}, tag(fault.stops ? "stop" : "indicator"), make("strong", {}, fault.file), ` ${fault.message}. ${fault.mend}.`))));
    }
    if (one.rules.length) parts.push(make("h3", {}, "Findings by rule"), ...one.rules.map((rule) => ruled(one, of, rule)));
    parts.push(make("h3", {}, "Quality"), dimensions(one));
    parts.push(make("details", {}, make("summary", {}, "How complete each column is"),
      make("p", {}, "Of the rows to which a column can apply, those with a value. Missing values are counted apart: NA not applicable, NK not known, NR refused, NC not collected."),
      fields(one)));
    if (one.not_run.length) {
      parts.push(make("details", {}, make("summary", {}, `${several(one.not_run.length, "rule", "rules")} not run, for want of what only the audit knows`),
        make("ul", {}, ...one.not_run.map((rule) => make("li", {}, make("strong", {}, rule.id), ` ${rule.title}: ${rule.needs}`)))));
    }
    return make("section", { "aria-labelledby": id }, ...parts);
  };

  const show = ({ overview, seconds, memory }) => {
    const { specification, version, returns } = overview;
    const results = at("results");
    results.dataset.seconds = seconds.toFixed(3);
    results.dataset.memory = memory;
    results.replaceChildren(
      make("p", { class: "bar" }, save("csv", "findings.csv", "Save all findings as CSV"), save("json", "findings.json", "Save everything as JSON")),
      make("p", { class: "soft" }, `Checked in ${seconds.toFixed(1)} s by ${specification.name} ${specification.version}, Candour ${version}. The specification has the SHA-256 `, make("span", { class: "hash" }, specification.sha256)),
      ...returns.map(section));
    say(`Checked ${several(returns.length, "return", "returns")}. Nothing left this machine.`);
    results.querySelector("h2")?.focus();
  };

  // A browser that is too old says so at once, and not when someone has chosen files.
  const ready = async () => {
    const bytes = Uint8Array.from(atob(at("module").textContent), (letter) => letter.charCodeAt(0));
    module = await WebAssembly.compile(bytes);
    at("form").hidden = false;
  };
  ready().catch(() => refuse("This browser cannot run the check: it is too old, or WebAssembly is turned off in it. Use a current Firefox, Chrome, Edge or Safari, or ask for the program candour."));
})();
