//! A listener: each client has a thread, and there are so many at most.

use crate::{Cache, Rules, http::Connection};
use std::{
    collections::HashMap,
    io,
    net::{IpAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// Connections at once: in all, and of one client.
const ALL: usize = 512;
const OF_ONE: usize = 32;
/// How often it is looked whether the server ends.
const LOOK: Duration = Duration::from_millis(500);

/// The rules of the moment; `None` where the site has no package cache any more.
pub type CurrentRules = Arc<dyn Fn() -> Option<Arc<Rules>> + Send + Sync>;

/// Serves until `goes_on` is false, which is asked about twice a second, and then until the last answer is through;
/// whoever calls bounds that.
///
/// # Errors
/// What the system says against the socket.
pub fn serve(
    listener: &TcpListener,
    cache: &Cache,
    rules: &CurrentRules,
    mut goes_on: impl FnMut() -> bool,
) -> io::Result<()> {
    // It makes accept return after a while, too (socket(7)).
    socket2::SockRef::from(listener).set_read_timeout(Some(LOOK))?;
    let house = Arc::new(House { open: Mutex::default(), ended: AtomicBool::new(false) });
    while goes_on() {
        match listener.accept() {
            Ok((stream, peer)) => welcome(&house, stream, peer.ip(), cache, rules),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => {
                tracing::debug!("package cache: cannot accept: {error}");
                thread::sleep(LOOK);
            }
        }
    }
    house.ended.store(true, Ordering::SeqCst);
    while !house.is_empty() {
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Lets a client in who is in the site's networks; others are not worth an answer.
fn welcome(house: &Arc<House>, stream: TcpStream, client: IpAddr, cache: &Cache, rules: &CurrentRules) {
    if !rules().is_some_and(|rules| rules.serves(client)) {
        tracing::debug!("package cache: {client} is in none of the site's networks");
        return;
    }
    let Some(place) = Place::of(house, client) else {
        tracing::warn!("package cache: {client} has too many connections");
        return;
    };
    let (cache, rules) = (cache.clone(), rules.clone());
    // Where there is no thread for it, the client finds the connection closed.
    let _ = thread::Builder::new().name("packages".to_owned()).spawn(move || {
        let ended = || place.house.ended.load(Ordering::SeqCst);
        let connection = Connection { stream, cache: &cache, rules: &*rules, ended: &ended };
        if let Err(error) = connection.run() {
            tracing::debug!("package cache: {client}: {error}");
        }
    });
}

#[derive(Debug)]
struct House {
    open: Mutex<HashMap<IpAddr, usize>>,
    ended: AtomicBool,
}

impl House {
    fn is_empty(&self) -> bool {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

/// One connection's place, given back when it is dropped.
struct Place {
    house: Arc<House>,
    client: IpAddr,
}

impl Place {
    fn of(house: &Arc<House>, client: IpAddr) -> Option<Place> {
        let mut open = house.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.values().sum::<usize>() >= ALL || open.get(&client).is_some_and(|own| *own >= OF_ONE) {
            return None;
        }
        *open.entry(client).or_default() += 1;
        Some(Place { house: house.clone(), client })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.house.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = open.get_mut(&self.client) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                open.remove(&self.client);
            }
        }
    }
}
