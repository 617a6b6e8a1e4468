//! The folder a user sees: where everything lies, its settings, and its signing key.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use candour_ledger::{SigningKey, VerifierKey};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::files;
use crate::store::Store;

/// `candour.toml`: unknown keys are errors, so that a misspelt setting is never silently ignored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Shown on every page.
    pub(crate) name: String,
    /// What is tracked, in a sentence.
    #[serde(default)]
    pub(crate) scope: String,
    /// Names the log in its checkpoints; permanent.
    pub(crate) log_origin: String,
    /// Days begin here.
    #[serde(default = "default_zone")]
    pub(crate) time_zone: String,
    /// Where "leave this page" leads; a page that shows nothing of this one.
    #[serde(default = "default_exit")]
    pub(crate) exit_page: String,
}

fn default_zone() -> String {
    "Europe/London".to_owned()
}

fn default_exit() -> String {
    "https://www.bbc.co.uk/weather".to_owned()
}

const KEYS: [&str; 5] = ["name", "scope", "log_origin", "time_zone", "exit_page"];

/// A workspace on disk.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) settings: Settings,
}

impl Workspace {
    /// Makes a workspace in a folder that is empty or not there.
    pub(crate) fn create(root: &Path, name: &str, scope: &str) -> Result<Self> {
        if root.join("candour.toml").exists() {
            bail!("{} is a workspace already; use it as it is, or name another folder", root.display());
        }
        if root.is_dir() && std::fs::read_dir(root)?.next().is_some() {
            bail!("{} is not empty; name a new or empty folder", root.display());
        }
        let slug: String =
            name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let slug = slug.split('-').filter(|s| !s.is_empty()).collect::<Vec<_>>().join("-");
        let settings = Settings {
            name: name.to_owned(),
            scope: scope.to_owned(),
            log_origin: format!("candour.local/{slug}"),
            time_zone: default_zone(),
            exit_page: default_exit(),
        };
        for folder in ["documents", "log", "returns", "vault", "releases"] {
            std::fs::create_dir_all(root.join(folder))
                .with_context(|| format!("cannot make {}", root.join(folder).display()))?;
        }
        let workspace = Self { root: root.to_owned(), settings };
        workspace.make_key()?;
        // What must never be shared stays out of version control from the first day.
        files::write_atomically(&root.join(".gitignore"), b"vault/\nreturns/\n*.db-wal\n*.db-shm\n")?;
        workspace.store()?;
        let toml = toml::to_string_pretty(&workspace.settings)?;
        // The settings come last: a folder without them is no workspace yet, so a kill leaves nothing half made.
        files::write_atomically(&root.join("candour.toml"), toml.as_bytes())?;
        Ok(workspace)
    }

    /// Opens a workspace.
    pub(crate) fn open(root: &Path) -> Result<Self> {
        let path = root.join("candour.toml");
        if !path.exists() {
            bail!(
                "{} is not a workspace: it holds no candour.toml; make one with `candour init {}`",
                root.display(),
                root.display()
            );
        }
        let text = String::from_utf8(files::read_limited(&path, 1 << 20)?)
            .with_context(|| format!("{}: is not UTF-8", path.display()))?;
        let settings: Settings = toml::from_str(&text).map_err(|e| {
            let message = e.message().to_owned();
            let hint =
                message.split('`').nth(1).filter(|_| message.contains("unknown field")).and_then(nearest_key);
            let hint = hint.map_or(String::new(), |k| format!("; did you mean `{k}`?"));
            let line = e.span().map_or(0, |s| text[..s.start.min(text.len())].matches('\n').count() + 1);
            anyhow::anyhow!("{}, line {line}: {message}{hint}", path.display())
        })?;
        Ok(Self { root: root.to_owned(), settings })
    }

    pub(crate) fn store(&self) -> Result<Store> {
        Store::open(&self.root.join("register.db"), &self.root.join("log"), &self.settings.log_origin)
    }

    /// Where what passed the door lies.
    pub(crate) fn releases(&self) -> PathBuf {
        self.root.join("releases")
    }

    pub(crate) fn documents(&self) -> PathBuf {
        self.root.join("documents")
    }

    /// The key that signs checkpoints; kept in the vault, readable by its owner only.
    pub(crate) fn signing_key(&self) -> Result<SigningKey> {
        let path = self.key_path();
        let text = String::from_utf8(files::read_limited(&path, 4096)?)
            .with_context(|| format!("{}: is not a key", path.display()))?;
        text.trim().parse().map_err(|e| anyhow::anyhow!("{}: {e}", path.display()))
    }

    /// The public half, which anyone may use to check the log.
    pub(crate) fn verifier_key(&self) -> Result<VerifierKey> {
        Ok(self.signing_key()?.verifier())
    }

    /// Today, where the workspace is.
    pub(crate) fn today(&self) -> Result<Date> {
        let zone = TimeZone::get(&self.settings.time_zone).with_context(|| {
            format!(
                "time_zone {:?} in candour.toml is not known; write a name such as \"Europe/London\"",
                self.settings.time_zone
            )
        })?;
        Ok(jiff::Timestamp::now().to_zoned_datetime(zone).date())
    }

    fn key_path(&self) -> PathBuf {
        self.root.join("vault").join("log-signing-key")
    }

    fn make_key(&self) -> Result<()> {
        let mut entropy = [0u8; 32];
        getrandom::fill(&mut entropy)
            .map_err(|e| anyhow::anyhow!("the system gave no randomness for a signing key: {e}"))?;
        let key = SigningKey::from_entropy(&self.settings.log_origin, entropy)?;
        let path = self.key_path();
        files::write_atomically(&path, format!("{}\n", key.to_private_text()).as_bytes())?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        }
        Ok(())
    }
}

/// The setting whose name shares most letters, in order, with what was written.
fn nearest_key(written: &str) -> Option<&'static str> {
    let alike = |key: &str| {
        let mut rest = key.chars();
        written.chars().filter(|c| rest.by_ref().any(|k| k == *c)).count()
    };
    KEYS.into_iter().max_by_key(|key| alike(key)).filter(|key| alike(key) * 2 >= written.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_setting_is_named_with_a_suggestion() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("audit");
        Workspace::create(&root, "An audit", "").unwrap();
        let path = root.join("candour.toml");
        let text = std::fs::read_to_string(&path).unwrap().replace("time_zone", "timezone");
        std::fs::write(&path, text).unwrap();
        let error = Workspace::open(&root).err().unwrap().to_string();
        assert!(error.contains("timezone") && error.contains("did you mean `time_zone`?"), "{error}");
    }

    #[test]
    fn a_folder_in_use_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mine.txt"), "x").unwrap();
        assert!(Workspace::create(folder.path(), "An audit", "").is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
