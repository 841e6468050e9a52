//! The clock that a test moves: it listens on a Unix socket, and every process of the test follows it, also one that is
//! started again.

use jiff::{SignedDuration, Timestamp};
use std::future::Future;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A clock that stands still until it is moved.
pub struct MovedClock {
    socket: PathBuf,
    state: Arc<Mutex<State>>,
    _folder: tempfile::TempDir,
}

struct State {
    now: Timestamp,
    followers: Vec<BufReader<UnixStream>>,
}

impl MovedClock {
    /// A clock that says `now`.
    #[must_use]
    pub fn at(now: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the clock's socket");
        let socket = folder.path().join("clock");
        let listener = UnixListener::bind(&socket).expect("the clock's socket");
        let state = Arc::new(Mutex::new(State { now: now.parse().expect("a time"), followers: Vec::new() }));
        let shared = Arc::clone(&state);
        // The thread ends with the test's process.
        std::thread::spawn(move || {
            for follower in listener.incoming().flatten() {
                let mut state = shared.lock().expect("the clock");
                let mut follower = BufReader::new(follower);
                if tell(&mut follower, state.now) {
                    state.followers.push(follower);
                }
            }
        });
        Self { socket, state, _folder: folder }
    }

    /// Where processes find it.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// What it says.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.state.lock().expect("the clock").now
    }

    /// Moves it forward, in steps of at most `step`, each answered by all followers before the next.
    pub fn advance(&self, by: SignedDuration) {
        let mut state = self.state.lock().expect("the clock");
        state.now = state.now.checked_add(by).expect("a time in range");
        let now = state.now;
        state.followers.retain_mut(|follower| tell(follower, now));
    }
}

impl MovedClock {
    /// Moves it second by second until the answer is there, and gives those who follow it time in between. Returns the
    /// answer and how many seconds have passed.
    ///
    /// # Panics
    /// When it isn't there after `limit_s`.
    pub async fn advance_until<T, F: Future<Output = Option<T>>>(&self, what: &str, limit_s: u32, mut ask: impl FnMut() -> F) -> (T, u32) {
        for passed_s in 0..=limit_s {
            for _ in 0..10 {
                if let Some(answer) = ask().await {
                    return (answer, passed_s);
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            self.advance(SignedDuration::from_secs(1));
        }
        panic!("{what}: not within {limit_s} s of moved time");
    }

    /// Moves it by so much in steps, with time in between for those who follow it: what is to come of it has come then.
    pub async fn let_pass(&self, by: SignedDuration) {
        for _ in 0..20 {
            self.advance(by / 20);
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }
}

fn tell(follower: &mut BufReader<UnixStream>, now: Timestamp) -> bool {
    let mut answer = String::new();
    writeln!(follower.get_mut(), "now {now}").is_ok() && follower.read_line(&mut answer).is_ok_and(|read| read > 0)
}
