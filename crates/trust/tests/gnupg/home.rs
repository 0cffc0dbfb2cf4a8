//! A gpg with a home of its own, which ends with the test.

use firstlight_model::Timestamp;
use firstlight_trust::openpgp::Keys;
use std::{
    fs,
    io::Cursor,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::SystemTime,
};

pub(crate) struct Home(tempfile::TempDir);

impl Home {
    pub(crate) fn new() -> Home {
        // Its agent listens in this folder: a path that is longer than a socket's address would not do.
        let home = Home(tempfile::Builder::new().prefix("gpg").tempdir_in("/tmp").unwrap());
        fs::create_dir(home.path(".gnupg")).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(home.path(".gnupg"), mode).unwrap();
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// Runs gpg with arguments that are separated by blanks, and returns what it printed.
    pub(crate) fn gpg(&self, arguments: &str) -> Vec<u8> {
        self.gpg_told(arguments, "")
    }

    /// As [`Home::gpg`], answering its questions.
    pub(crate) fn gpg_told(&self, arguments: &str, answers: &str) -> Vec<u8> {
        self.write("answers", answers);
        let mut gpg = self.command("gpg");
        gpg.args(["--batch", "--yes", "--pinentry-mode", "loopback", "--passphrase", "", "--command-fd", "0"]);
        gpg.args(arguments.split(' ')).stdin(fs::File::open(self.path("answers")).unwrap());
        let output = gpg.output().unwrap();
        assert!(output.status.success(), "gpg {arguments}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// The public keys of these users, as a site would have them.
    pub(crate) fn keys(&self, users: &str) -> Keys {
        Keys::read(&self.gpg(&format!("--armor --export {users}"))).unwrap()
    }

    /// The word with which gpgv says what it thinks of a signature: `GOODSIG`, `BADSIG`, `EXPKEYSIG`, …
    pub(crate) fn gpgv(&self, users: &str, signature: &str, data: Option<&str>) -> String {
        self.write("ring.gpg", self.gpg(&format!("--export {users}")));
        self.gpgv_with("ring.gpg", signature, data)
    }

    /// As [`Home::gpgv`], with a file of keys.
    pub(crate) fn gpgv_with(&self, ring: &str, signature: &str, data: Option<&str>) -> String {
        let mut gpgv = self.command("gpgv");
        gpgv.args(["--status-fd", "1", "--keyring"]).arg(self.path(ring)).arg(self.path(signature));
        gpgv.args(data.map(|data| self.path(data)));
        let said = String::from_utf8(gpgv.output().unwrap().stdout).unwrap();
        let words = said.lines().filter_map(|line| line.strip_prefix("[GNUPG:] ")?.split(' ').next());
        let verdicts = ["GOODSIG", "BADSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG", "ERRSIG", "NODATA"];
        words.filter(|word| verdicts.contains(word)).collect::<Vec<_>>().join(" ")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("GNUPGHOME", self.path(".gnupg")).env("LC_ALL", "C").current_dir(self.0.path());
        command
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = self.command("gpgconf").args(["--kill", "all"]).stderr(Stdio::null()).status();
    }
}

/// What is thought here of a detached signature: who signed, or why it does not count.
pub(crate) fn verdict(keys: &Keys, data: &Path, signature: &[u8]) -> String {
    match keys.verify(fs::File::open(data).unwrap(), signature, now()) {
        Ok(verdict) => verdict.to_string(),
        Err(error) => error.to_string(),
    }
}

/// What is thought here of a clear-signed text, and what of it was signed.
pub(crate) fn clear_verdict(keys: &Keys, text: &[u8]) -> (String, Option<String>) {
    match keys.verify_clear_signed(text, now()) {
        Ok((verdict, body)) => (verdict.to_string(), Some(body)),
        Err(error) => (error.to_string(), None),
    }
}

/// Bytes in place of a file.
pub(crate) fn verdict_of(keys: &Keys, data: &[u8], signature: &[u8]) -> String {
    match keys.verify(Cursor::new(data), signature, now()) {
        Ok(verdict) => verdict.to_string(),
        Err(error) => error.to_string(),
    }
}

pub(crate) fn now() -> Timestamp {
    Timestamp(SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis().try_into().unwrap())
}
