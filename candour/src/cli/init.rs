use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;

use crate::workspace::Workspace;

/// Make a new workspace
#[derive(clap::Args)]
#[command(after_help = "Example: candour init my-audit --name \"Audit of missed visits\"")]
pub(super) struct Init {
    /// A folder that is empty or not there
    dir: PathBuf,
    /// Shown on every page [default: the folder's name]
    #[arg(long)]
    name: Option<String>,
    /// What is tracked, in a sentence
    #[arg(long, default_value = "")]
    scope: String,
}

impl Init {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let folder = self.dir.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let name = self.name.unwrap_or(if folder.is_empty() { "Register".to_owned() } else { folder });
        let workspace = Workspace::create(&self.dir, &name, &self.scope)?;
        writeln!(out, "Made a workspace in {}.", self.dir.display())?;
        writeln!(
            out,
            "Its log is signed with a key kept in vault/. Anyone checks it with this verifier key:"
        )?;
        writeln!(out, "  {}", workspace.verifier_key()?)?;
        writeln!(
            out,
            "Next: candour register import --bundled -w {0}, or candour read FILE -w {0}",
            self.dir.display()
        )?;
        Ok(ExitCode::SUCCESS)
    }
}
