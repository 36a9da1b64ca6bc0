//! A coder's settings file: read with a bound, kept beside it before a change, replaced as a whole.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::edit::EditError;

/// Largest settings file that is changed. Real ones are a few kilobytes.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// The settings in one of a coder's homes, as they were read.
#[derive(Debug)]
pub struct Settings {
    /// Where people look for it.
    path: PathBuf,
    /// Where it really lies, when `path` is a link.
    real: PathBuf,
    /// `None`: there is none yet.
    text: Option<String>,
}

/// The settings cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file system refuses.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Too large to be settings.
    #[error("{0} is larger than 4 MB; nothing was changed")]
    TooLarge(PathBuf),
    /// It says what we do not understand.
    #[error("{path} was left as it is: {source}")]
    Content {
        /// The file.
        path: PathBuf,
        /// Why.
        source: EditError,
    },
    /// Somebody else changed it while people were asked.
    #[error("{0} has changed meanwhile; nothing was written, run the command again")]
    Changed(PathBuf),
}

impl Settings {
    /// Reads the settings of the coder whose home is `home` (such as `~/.claude`).
    pub fn read(home: &Path) -> Result<Self, FileError> {
        let path = home.join("settings.json");
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        let text = read_bounded(&real)?;
        Ok(Self { path, real, text })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it says; empty when there is none.
    pub fn text(&self) -> &str {
        let text = self.text.as_deref().unwrap_or_default();
        text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)
    }

    /// Says which file an error is about.
    pub fn error(&self, source: EditError) -> FileError {
        FileError::Content { path: self.path.clone(), source }
    }

    /// Replaces the content. Returns where the old one was kept, if there was one.
    pub fn write(&self, text: &str) -> Result<Option<PathBuf>, FileError> {
        if read_bounded(&self.real)? != self.text {
            return Err(FileError::Changed(self.path.clone()));
        }
        let failed = |path: &Path| {
            let path = path.to_path_buf();
            move |source| FileError::Io { path, source }
        };
        let backup = match &self.text {
            Some(_) => {
                let backup =
                    beside(&self.real, &format!("before-muster-{}", jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ")));
                std::fs::copy(&self.real, &backup).map_err(failed(&backup))?;
                Some(backup)
            }
            None => None,
        };
        let draft = beside(&self.real, &format!("muster-{}", std::process::id()));
        let marked = self.text.as_deref().is_some_and(|old| old.starts_with(BYTE_ORDER_MARK));
        let text = if marked { format!("{BYTE_ORDER_MARK}{text}") } else { text.to_owned() };
        self.replace(&draft, &text).map_err(|source| {
            // Best effort: the draft is of no use.
            let _unneeded = std::fs::remove_file(&draft);
            FileError::Io { path: self.path.clone(), source }
        })?;
        Ok(backup)
    }

    fn replace(&self, draft: &Path, text: &str) -> io::Result<()> {
        let mut file = crate::platform::private::create(draft)?;
        file.write_all(text.as_bytes())?;
        crate::platform::owner::dress_like(&file, &self.real)?;
        file.sync_all()?;
        std::fs::rename(draft, &self.real)
    }
}

const BYTE_ORDER_MARK: char = '\u{feff}';

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{suffix}"));
    path.with_file_name(name)
}

fn read_bounded(path: &Path) -> Result<Option<String>, FileError> {
    let failed = |source| FileError::Io { path: path.to_path_buf(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut text = String::new();
    file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(FileError::TooLarge(path.to_path_buf()));
    }
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_settings_are_kept_beside_the_new_ones() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("settings.json"), "{}\n").unwrap();
        let settings = Settings::read(home.path()).unwrap();
        let backup = settings.write("{\"a\":1}\n").unwrap().unwrap();
        assert_eq!(std::fs::read_to_string(&backup).unwrap(), "{}\n");
        assert_eq!(Settings::read(home.path()).unwrap().text(), "{\"a\":1}\n");
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 2, "no draft is left");
    }

    #[test]
    fn settings_that_changed_meanwhile_are_not_overwritten() {
        let home = tempfile::tempdir().unwrap();
        let settings = Settings::read(home.path()).unwrap();
        std::fs::write(home.path().join("settings.json"), "{\"theirs\":1}").unwrap();
        assert!(settings.write("{}").unwrap_err().to_string().contains("changed meanwhile"));
        assert_eq!(Settings::read(home.path()).unwrap().text(), "{\"theirs\":1}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_the_mode_stays() {
        use std::os::unix::fs::PermissionsExt;

        let home = tempfile::tempdir().unwrap();
        let dotfiles = tempfile::tempdir().unwrap();
        let real = dotfiles.path().join("claude.json");
        std::fs::write(&real, "{}").unwrap();
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&real, home.path().join("settings.json")).unwrap();
        Settings::read(home.path()).unwrap().write("{\"a\":1}").unwrap();
        assert_eq!(std::fs::read_to_string(&real).unwrap(), "{\"a\":1}");
        assert_eq!(real.metadata().unwrap().permissions().mode() & 0o777, 0o640);
        assert!(home.path().join("settings.json").is_symlink());
    }

    #[test]
    fn a_byte_order_mark_is_not_part_of_the_text_and_stays() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("settings.json"), "\u{feff}{}").unwrap();
        let settings = Settings::read(home.path()).unwrap();
        assert_eq!(settings.text(), "{}");
        settings.write("{\"a\":1}").unwrap();
        assert_eq!(std::fs::read_to_string(home.path().join("settings.json")).unwrap(), "\u{feff}{\"a\":1}");
    }
}
