//! `candour returns check` for a browser: the same reading and the same rules, compiled to WebAssembly. It runs in a worker, which
//! hands over stretches of the files that a person chose. See the README of this workspace.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use candour_returns::files::{self, Files};
use wasm_bindgen::prelude::*;

mod run;

pub use run::{DryRun, Settings};

#[wasm_bindgen]
extern "C" {
    /// What the worker hands in: the files that were chosen.
    pub type Chosen;

    /// Fills a stretch of memory from a file, counted from 0, and says how many bytes it holds. Throws where the browser cannot
    /// read the file, as when it was changed since it was chosen.
    #[wasm_bindgen(method, catch)]
    fn read(this: &Chosen, file: u32, from: f64, into: &mut [u8]) -> Result<u32, JsValue>;

    /// Is told which return is being read, and nothing where the rules begin.
    #[wasm_bindgen(method)]
    fn stage(this: &Chosen, place: &str);
}

/// Files of a browser, by the names that it gives them.
struct InBrowser<'a> {
    chosen: &'a Chosen,
    names: &'a [PathBuf],
}

impl Files for InBrowser<'_> {
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + '_>> {
        let file = self.names.iter().position(|name| name == path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(Stretches { chosen: self.chosen, file: file as u32, at: 0 }))
    }
}

struct Stretches<'a> {
    chosen: &'a Chosen,
    file: u32,
    at: u64,
}

impl Read for Stretches<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // A number of JavaScript is exact up to 2^53.
        let read = self.chosen.read(self.file, self.at as f64, buffer);
        let read = read.map_err(|_| io::Error::other("the browser could not read it; choose it again"))?;
        self.at += u64::from(read);
        Ok((read as usize).min(buffer.len()))
    }
}

/// Returns that were checked.
#[wasm_bindgen]
pub struct Checked {
    done: DryRun,
}

#[wasm_bindgen]
impl Checked {
    /// Checks the returns among the files. `settings` is JSON of [`Settings`]; `key` is of random bytes, for this run alone.
    #[wasm_bindgen(constructor)]
    pub fn new(chosen: &Chosen, names: Vec<String>, settings: &str, key: &[u8]) -> Result<Checked, JsError> {
        let names: Vec<PathBuf> = names.into_iter().map(PathBuf::from).collect();
        let settings: Settings = serde_json::from_str(settings)?;
        let opener = InBrowser { chosen, names: &names };
        let done = DryRun::new(&names, &opener, &settings, key, &|place| chosen.stage(place));
        Ok(Self { done: done.map_err(|error| JsError::new(&error))? })
    }

    /// What the page shows to begin with, as JSON.
    pub fn overview(&self) -> Result<String, JsError> {
        Ok(self.done.overview()?)
    }

    /// Some findings of a rule in one of the returns, as a JSON list.
    pub fn findings(&self, of: u32, rule: &str, from: u32, most: u32) -> Result<String, JsError> {
        Ok(self.done.findings(of as usize, rule, from as usize, most as usize)?)
    }

    /// All findings, as `candour returns check --format csv` prints them.
    pub fn csv(&self) -> Vec<u8> {
        files::findings_csv(&self.done.checked).into_bytes()
    }

    /// All that was found, as `candour returns check --format json --quality` prints it.
    pub fn json(&self) -> Result<Vec<u8>, JsError> {
        Ok(format!("{}\n", files::findings_json(&self.done.checked)?).into_bytes())
    }
}
