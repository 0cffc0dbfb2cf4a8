//! Every object read again and compared with its name.

use super::Store;
use crate::{Error, verify};
use firstlight_model::Sha256;
use serde::Serialize;
use std::path::PathBuf;

/// An object that was read again.
#[derive(Debug, Serialize)]
pub struct Checked {
    /// Its name.
    pub sha256: Sha256,
    /// In bytes.
    pub size: u64,
    /// What is wrong with it. It is no longer among the objects then.
    pub wrong: Option<String>,
    /// Where its bytes lie now, where they are bad.
    pub kept: Option<PathBuf>,
}

impl Store {
    /// Reads every object. One that has gone bad is moved aside. `told` hears of each.
    pub fn check(&self, mut told: impl FnMut(&Checked)) -> Result<Vec<Checked>, Error> {
        let mut all = Vec::new();
        for (sha256, path, size) in self.objects()? {
            let mut checked = Checked { sha256, size, wrong: None, kept: None };
            match verify(&path, Some(sha256)) {
                Ok(_) => {}
                Err(Error::Mismatch(mismatch)) => {
                    let note =
                        format!("This was the object {sha256} of the store, and its bytes have changed on disk.\n");
                    checked.wrong = Some(format!("its bytes have the sha256 {}", mismatch.got));
                    checked.kept = self.set_aside(&path, &mismatch.got, &note);
                }
                Err(error) => checked.wrong = Some(error.to_string()),
            }
            told(&checked);
            all.push(checked);
        }
        Ok(all)
    }
}
