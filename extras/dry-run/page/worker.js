// Runs the check beside the page, so that the page goes on answering. The name `wasm_bindgen` comes from what stands before.
"use strict";

const reader = new FileReaderSync();
let memory;
let checked;

// What the check reads from: stretches of files, never a whole one.
class Chosen {
  constructor(files) {
    this.files = files;
    this.total = files.reduce((sum, file) => sum + file.size, 0);
    this.furthest = files.map(() => 0);
    this.told = 0;
  }

  read(file, from, into) {
    const stretch = this.files[file].slice(from, from + into.length);
    const bytes = new Uint8Array(reader.readAsArrayBuffer(stretch));
    into.set(bytes);
    this.furthest[file] = Math.max(this.furthest[file], from + bytes.length);
    const now = performance.now();
    if (now - this.told > 100) {
      this.told = now;
      postMessage({ read: this.furthest.reduce((sum, at) => sum + at, 0), total: this.total });
    }
    return bytes.length;
  }

  stage(place) {
    postMessage({ stage: place });
  }
}

const answers = {
  run({ module, files, names, settings }) {
    memory = wasm_bindgen.initSync({ module }).memory;
    const begun = performance.now();
    const key = crypto.getRandomValues(new Uint8Array(32));
    checked = new wasm_bindgen.Checked(new Chosen(files), names, JSON.stringify(settings), key);
    const overview = JSON.parse(checked.overview());
    const seconds = (performance.now() - begun) / 1000;
    return { overview, seconds, memory: memory.buffer.byteLength };
  },
  findings({ of, rule, from, most }) {
    return JSON.parse(checked.findings(of, rule, from, most));
  },
  csv() {
    return new Blob([checked.csv()], { type: "text/csv" });
  },
  json() {
    return new Blob([checked.json()], { type: "application/json" });
  },
};

onmessage = ({ data }) => {
  try {
    postMessage({ answer: data.ask, value: answers[data.what](data) });
  } catch (error) {
    // A trap of the check, as where memory ends, is no message for people.
    const trapped = error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
    postMessage({ answer: data.ask, failed: trapped ? "" : String(error.message ?? error), trapped });
  }
};
