//! Keeps what each declared machine was last served, for `firstlight diff`, on a thread of its own: no response waits for
//! it, and where it cannot keep up, some are not kept.
//!
//! A config is rendered once more for that, without secrets and without the attempt's token.

use crate::context::now;
use firstlight_boot::{Ask, BootSet, Choice, Recipient, Secrets, Token};
use firstlight_model::{Sha256, Timestamp};
use firstlight_site::{Network, SecretText, Site};
use firstlight_state::{CONFIG_KEPT, KeptConfig, Marker, forget_configs, keep_config};
use sha2::Digest;
use std::{
    collections::{BTreeMap, HashMap},
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
        let mut writer = Writer { state: state.to_owned(), marker: marker(state), known: HashMap::new() };
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

/// Without one, a secret that has changed is not seen.
fn marker(state: &Path) -> Option<Marker> {
    let mut fresh = [0; 32];
    getrandom::fill(&mut fresh).ok()?;
    Marker::open(state, fresh).inspect_err(|error| tracing::warn!("{error}")).ok()
}

struct Writer {
    state: PathBuf,
    marker: Option<Marker>,
    /// What is kept already, so that the same is not written again.
    known: HashMap<(String, String), Looks>,
}

/// What one config and another differ by.
type Looks = (Sha256, BTreeMap<String, Sha256>);

impl Writer {
    fn run(&mut self, waiting: &Receiver<Message>) {
        while let Ok(Message::Config(config)) = waiting.recv() {
            let ServedConfig { machine, name, .. } = &*config;
            let Some(kept) = without_secrets(&config, self.marker.as_ref(), now()) else { continue };
            let key = (machine.clone(), name.clone());
            let looks = (kept.sha256, kept.marks.clone());
            if self.known.get(&key) == Some(&looks) {
                continue;
            }
            match keep_config(&self.state, machine, &kept) {
                Ok(()) => drop(self.known.insert(key, looks)),
                Err(error) => tracing::warn!("{error}"),
            }
        }
    }
}

/// The config as it is kept.
fn without_secrets(config: &ServedConfig, marker: Option<&Marker>, since: Timestamp) -> Option<KeptConfig> {
    let ServedConfig { set, network, machine, ask, choice, profile, name } = config;
    let decision = set.resume(ask, choice.as_ref(), profile.as_deref());
    let (token, secrets) = (Token::placeholder(), Secrets::Redacted);
    let recipient = Recipient { ask, decision: &decision, network, token: &token, secrets };
    let rendered = set.config(&recipient, name)?.ok()?;
    let sha256 = Sha256(sha2::Sha256::digest(&rendered.text).into());
    let text = Some(rendered.text).filter(|text| text.len() <= CONFIG_KEPT);
    let secrets = rendered.secrets;
    let mark = |marker: &Marker| {
        let marked = |(secret, text): (&str, &SecretText)| {
            (secret.to_owned(), marker.mark(machine, name, secret, text.expose()))
        };
        set.secrets(&decision, &secrets).map(marked).collect()
    };
    let marks = marker.map(mark).unwrap_or_default();
    Some(KeptConfig { since, name: name.clone(), sha256, secrets, marks, text })
}
