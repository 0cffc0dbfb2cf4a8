//! Keeps what each declared machine was last served, for `firstlight diff`, on a thread of its own: no response waits for
//! it, and where it cannot keep up, some are not kept.
//!
//! A config is rendered once more for that, without secrets and without the attempt's token.

use crate::context::now;
use firstlight_boot::{Ask, BootSet, Choice, Recipient, Secrets, Token};
use firstlight_model::{Sha256, Timestamp};
use firstlight_site::{Network, Site};
use firstlight_state::{CONFIG_KEPT, KeptConfig, StateError, forget_configs, keep_config};
use sha2::Digest;
use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
};

/// How many wait to be kept.
const QUEUE: usize = 1024;

/// Where it is told what was served. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Served(SyncSender<Message>);

/// The thread; it ends when this is dropped.
#[derive(Debug)]
pub struct ServedWriter {
    queue: SyncSender<Message>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
enum Message {
    Config(Box<ServedConfig>),
    Close,
}

/// A config that was served.
#[derive(Debug)]
pub(crate) struct ServedConfig {
    pub(crate) set: Arc<BootSet>,
    pub(crate) network: Arc<Network>,
    pub(crate) machine: String,
    pub(crate) ask: Ask,
    pub(crate) choice: Option<Choice>,
    pub(crate) profile: Option<String>,
    pub(crate) name: String,
}

impl Served {
    /// Begins to keep, in the state folder, and forgets the machines that the site declares no more.
    ///
    /// # Errors
    /// There is no room for another thread.
    pub fn open(state: &Path, site: &Site) -> io::Result<(Served, ServedWriter)> {
        if let Err(error) = forget_configs(state, |name| site.machines.contains_key(name)) {
            tracing::warn!("{error}");
        }
        let (queue, waiting) = sync_channel(QUEUE);
        let mut writer = Writer { state: state.to_owned(), known: HashMap::new() };
        let thread = std::thread::Builder::new().name("served".to_owned()).spawn(move || writer.run(&waiting))?;
        Ok((Served(queue.clone()), ServedWriter { queue, thread: Some(thread) }))
    }

    pub(crate) fn keep(&self, config: ServedConfig) {
        if self.0.try_send(Message::Config(Box::new(config))).is_err() {
            tracing::debug!("what was served is not kept: too much of it waits");
        }
    }
}

impl Drop for ServedWriter {
    fn drop(&mut self) {
        let _ = self.queue.send(Message::Close);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Writer {
    state: PathBuf,
    /// What is kept already, so that the same is not written again.
    known: HashMap<(String, String), Sha256>,
}

impl Writer {
    fn run(&mut self, waiting: &Receiver<Message>) {
        while let Ok(Message::Config(config)) = waiting.recv() {
            let ServedConfig { machine, name, .. } = &*config;
            let Some(kept) = without_secrets(&config, now()) else { continue };
            let key = (machine.clone(), name.clone());
            if self.known.get(&key) == Some(&kept.sha256) {
                continue;
            }
            match self.keep(machine, kept) {
                Ok(sha256) => drop(self.known.insert(key, sha256)),
                Err(error) => tracing::warn!("{error}"),
            }
        }
    }

    fn keep(&self, machine: &str, kept: KeptConfig) -> Result<Sha256, StateError> {
        keep_config(&self.state, machine, &kept).map(|()| kept.sha256)
    }
}

/// The config as it is kept.
fn without_secrets(config: &ServedConfig, since: Timestamp) -> Option<KeptConfig> {
    let ServedConfig { set, network, ask, choice, profile, name, .. } = config;
    let decision = set.resume(ask, choice.as_ref(), profile.as_deref());
    let (token, secrets) = (Token::placeholder(), Secrets::Redacted);
    let recipient = Recipient { ask, decision: &decision, network, token: &token, secrets };
    let rendered = set.config(&recipient, name)?.ok()?;
    let sha256 = Sha256(sha2::Sha256::digest(&rendered.text).into());
    let text = Some(rendered.text).filter(|text| text.len() <= CONFIG_KEPT);
    Some(KeptConfig { since, name: name.clone(), sha256, secrets: rendered.secrets, text })
}
