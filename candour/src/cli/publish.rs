use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::files;
use crate::site::{Asked, Site};
use crate::workspace::Workspace;

use super::{In, code_for, progress, register, report};

/// Write the static site and its open data
#[derive(clap::Args)]
#[command(after_help = "Example: candour publish site -w my-audit")]
pub(super) struct Publish {
    /// Folder to write to; an earlier site in it is replaced once the new one is whole
    dir: PathBuf,
    #[command(flatten)]
    workspace: In,
}

/// Stands in every published folder, so that nothing else is ever replaced by mistake.
const MARK: &str = ".candour-site";

impl Publish {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let site = Site::load(self.workspace.open()?)?;
        let findings = site.findings();
        publish(out, &site, &self.workspace.open()?, &self.dir)?;
        report(&findings);
        Ok(code_for(&findings))
    }
}

/// Writes the site beside its place and moves it in whole.
pub(super) fn publish(out: &mut impl Write, site: &Site, workspace: &Workspace, dir: &Path) -> Result<()> {
    if dir.is_dir() && !dir.join(MARK).exists() && std::fs::read_dir(dir)?.next().is_some() {
        bail!("{} holds something that is not a published site; name a new or empty folder", dir.display());
    }
    let name =
        dir.file_name().map(|n| n.to_string_lossy().into_owned()).context("name a folder to publish to")?;
    let fresh = dir.with_file_name(format!(".{name}.new"));
    let stale = dir.with_file_name(format!(".{name}.old"));
    for leftover in [&fresh, &stale] {
        if leftover.exists() {
            std::fs::remove_dir_all(leftover)
                .with_context(|| format!("cannot clear {}", leftover.display()))?;
        }
    }
    let (addresses, dated) = site.addresses();
    let asked = Asked { without_dated_views: !dated, ..Asked::default() };
    let bar = progress(addresses.len() as u64, "Publishing");
    let mut bytes = 0;
    for address in &addresses {
        let page = site.page(address, &asked)?;
        let path = if address.ends_with('/') { format!("{address}index.html") } else { address.clone() };
        let path = fresh.join(path.trim_start_matches('/'));
        let folder = path.parent().context("a page needs a folder")?;
        std::fs::create_dir_all(folder)?;
        // The whole folder is moved into place at the end, so a page needs no neighbour of its own.
        std::fs::write(&path, &page.body).with_context(|| format!("cannot write {}", path.display()))?;
        bytes += page.body.len();
        bar.inc(1);
    }
    bar.finish_and_clear();
    let store = workspace.store()?;
    let (record, _) = register::load(&store, candour_register::AsAt::default())?;
    register::export(&fresh.join("data"), &record, &store, workspace.today()?)?;
    copy(&workspace.root.join("log"), &fresh.join("log"))?;
    files::write_atomically(&fresh.join(MARK), b"")?;
    if dir.exists() {
        std::fs::rename(dir, &stale)
            .with_context(|| format!("cannot move the earlier site out of {}", dir.display()))?;
    }
    std::fs::rename(&fresh, dir).with_context(|| format!("cannot move the new site to {}", dir.display()))?;
    if stale.exists() {
        std::fs::remove_dir_all(&stale)?;
    }
    if !dated {
        writeln!(
            out,
            "The views as at earlier dates are too many for a static site; `candour serve` shows them."
        )?;
    }
    writeln!(out, "Published {} pages ({} MiB) to {}", addresses.len(), bytes >> 20, dir.display())?;
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for file in std::fs::read_dir(from)? {
        let file = file?;
        let target = to.join(file.file_name());
        if file.file_type()?.is_dir() {
            copy(&file.path(), &target)?;
        } else {
            std::fs::copy(file.path(), target)?;
        }
    }
    Ok(())
}
