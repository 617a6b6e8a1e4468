//! Writes the page of the dry run: one file with the check, its scripts and its style in it, that opens no connection.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use candour_returns::files::sha256;
use candour_returns::{AUD_1, BodyType, Mapping, RULES, Specification};
use sha2::{Digest as _, Sha256};
use wasm_bindgen_cli_support::Bindgen;

const PAGE: &str = include_str!("../page.html");
const STYLE: [&str; 2] =
    [include_str!("../../../../candour/templates/style.css"), include_str!("../page.css")];
const SCRIPT: &str = include_str!("../page.js");
const WORKER: &str = include_str!("../worker.js");
const TARGET: &str = "wasm32-unknown-unknown";

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program says what it did")]
fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(out), None) = (arguments.next(), arguments.next()) else {
        eprintln!("Usage: extras/dry-run/build PAGE.html");
        return ExitCode::from(2);
    };
    match write(Path::new(&out)) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn write(out: &Path) -> Result<String> {
    let page = page(&compile()?)?;
    let shown = out.display();
    if let Some(folder) = out.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("{shown}: its folder cannot be made"))?;
    }
    std::fs::write(out, &page).with_context(|| format!("{shown}: cannot be written"))?;
    Ok(format!("{shown}: {} KiB, SHA-256 {}", page.len() >> 10, sha256(page.as_bytes())))
}

/// Compiles the check. The bytes do not tell where they were compiled, and the same sources give the same ones anywhere.
fn compile() -> Result<Vec<u8>> {
    let workspace = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.join("target"), PathBuf::from);
    let root = workspace.join("../..").canonicalize().context("the sources are not where they were")?;
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let mut flags = OsString::new();
    for (path, name) in [(Some(root), "candour"), (home, "cargo")] {
        let Some(path) = path else { continue };
        if !flags.is_empty() {
            flags.push("\u{1f}");
        }
        flags.push("--remap-path-prefix=");
        flags.push(path);
        flags.push("=/");
        flags.push(name);
    }
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--release", "--locked", "--package", "candour-dry-run", "--target", TARGET])
        .arg("--manifest-path")
        .arg(workspace.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .env("CARGO_ENCODED_RUSTFLAGS", flags)
        .status()
        .context("cargo cannot be started")?;
    ensure!(
        status.success(),
        "the check could not be compiled; is the target there? `rustup target add {TARGET}`"
    );
    let module = target.join(TARGET).join("release/candour_dry_run.wasm");
    std::fs::read(&module).with_context(|| format!("{}: cannot be read", module.display()))
}

/// The page, of a compiled check.
fn page(module: &[u8]) -> Result<String> {
    let mut bindgen = Bindgen::new();
    bindgen.input_bytes("check", module.to_vec()).no_modules(true)?.typescript(false);
    bindgen.omit_default_module_path(true).remove_name_section(true).remove_producers_section(true);
    let mut made = bindgen.generate_output()?;
    let glue = made.js().to_owned();
    let module = made.wasm_mut().emit_wasm();
    let worker = format!("{glue}\n{WORKER}");
    let style = STYLE.concat();
    let specification = Specification::aud_1()?;
    let options = |items: Vec<(String, String)>| -> String {
        let options = items.iter().map(|(value, text)| format!("<option value=\"{value}\">{text}</option>"));
        options.collect::<Vec<_>>().concat()
    };
    let dialects = Mapping::dialects(&specification)?.into_iter().filter(|d| d.name != "plain");
    let dialects = dialects.map(|d| (escape(&d.name), escape(&d.about))).collect();
    let types = BodyType::ALL.map(|kind| (kind.code().to_owned(), title(kind).to_owned())).to_vec();
    // The text of a script ends at the first end tag, wherever that stands.
    ensure!(!worker.contains("</script") && !SCRIPT.contains("</script"), "a script holds its own end tag");
    let parts = [
        ("{script-hash}", hash(SCRIPT)),
        ("{style-hash}", hash(&style)),
        ("{call}", escape(&format!("{} {}", specification.name, specification.version))),
        ("{rules}", RULES.len().to_string()),
        ("{specification-hash}", sha256(AUD_1.as_bytes())),
        ("{module-hash}", sha256(&module)),
        ("{version}", env!("CARGO_PKG_VERSION").to_owned()),
        ("{types}", options(types)),
        ("{dialects}", options(dialects)),
        ("{style}", style),
        ("{worker}", worker),
        ("{script}", SCRIPT.to_owned()),
        ("{module}", BASE64.encode(&module)),
    ];
    fill(PAGE, &parts)
}

/// Puts parts in their places. What is put in is not looked through again.
fn fill(template: &str, parts: &[(&str, String)]) -> Result<String> {
    let mut page = String::new();
    let mut rest = template;
    while let Some((at, (name, text))) =
        parts.iter().filter_map(|part| Some((rest.find(part.0)?, part))).min_by_key(|found| found.0)
    {
        page.push_str(&rest[..at]);
        page.push_str(text);
        rest = &rest[at + name.len()..];
    }
    page.push_str(rest);
    for (name, _) in parts {
        ensure!(template.contains(name), "the page has no place for {name}");
    }
    Ok(page)
}

fn title(kind: BodyType) -> &'static str {
    match kind {
        BodyType::Police => "Police force",
        BodyType::Childrens => "Children’s services of a local authority",
        BodyType::Health => "Health body",
        BodyType::Vol => "Voluntary organisation",
        BodyType::Nrm => "Holder of the national referral mechanism",
        BodyType::Cps => "Prosecutor",
    }
}

/// A source of the content security policy.
fn hash(text: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(Sha256::digest(text)))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_put_in_once_and_none_is_left_over() {
        let parts = [("{a}", "{b}".to_owned()), ("{b}", "x".to_owned())];
        assert_eq!(fill("{a} {b} {a}", &parts).unwrap(), "{b} x {b}");
        assert!(fill("{a}", &parts).unwrap_err().to_string().contains("{b}"));
    }

    #[test]
    fn the_policy_allows_the_scripts_of_the_page_and_no_connection() {
        let policy = PAGE.lines().find(|line| line.contains("Content-Security-Policy")).unwrap();
        for part in [
            "default-src 'none'",
            "connect-src 'none'",
            "form-action 'none'",
            "base-uri 'none'",
            "script-src {script-hash} 'wasm-unsafe-eval'",
            "style-src {style-hash}",
            "worker-src blob:",
        ] {
            assert!(policy.contains(part), "{part}");
        }
        assert!(!policy.contains("unsafe-inline") && !policy.contains("://"));
        // An attribute that the policy forbids would fail without a word.
        for forbidden in [" style=", " onclick=", " src=", "href=\"http"] {
            assert!(!PAGE.contains(forbidden), "{forbidden}");
        }
        assert_eq!(hash(""), "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='");
    }
}
