//! Authentication by bearer tokens and by users with bcrypt hashes. This module knows only the text of the header, no
//! other HTTP.

use crate::address::network;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use measurand_catalog::lock::lock;
use ring::{hmac, rand};
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;
use subtle::{Choice, ConstantTimeEq};
use tokio::sync::Semaphore;
use tokio::time::sleep;

/// Maximum number of correct passwords to remember as keyed hashes, since bcrypt takes a tenth of a second for each
/// check.
const REMEMBERED_MAX: usize = 256;
/// Maximum number of networks with passwords that wait for a check, and of waiting passwords per network. A client that
/// exceeds them is guessing, and must not delay others.
const NETWORKS_MAX: usize = 64;
const OF_NETWORK_MAX: u8 = 4;

/// Returns the bcrypt hash of a password, for a file of users.
///
/// # Errors
/// If it is empty, or longer than the 71 bytes that bcrypt supports.
pub fn hash_password(password: &str) -> Result<String, String> {
    if password.is_empty() {
        return Err("the password is empty; write it to standard input".to_owned());
    }
    bcrypt::non_truncating_hash(password, bcrypt::DEFAULT_COST)
        .map_err(|_| "the password has more than 71 bytes, which bcrypt would ignore; choose a shorter one".to_owned())
}

/// Checks credentials against tokens and users.
pub struct Authentication {
    /// Created at each start. The keyed hashes of secrets are compared instead of the secrets, in constant time.
    key: hmac::Key,
    tokens: Vec<hmac::Tag>,
    users: HashMap<String, String>,
    /// The hash for unknown users, so that an unknown name takes as long as a wrong password.
    decoy: String,
    remembered: Mutex<VecDeque<hmac::Tag>>,
    /// Number of passwords that wait for a check, by network.
    waiting: Mutex<HashMap<IpAddr, u8>>,
    /// Allows one check at a time: guessing may keep one processor busy, not all of them.
    hashing: Semaphore,
}

impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tokens, users, .. } = self;
        write!(f, "Authentication {{ tokens: {}, users: {} }}", tokens.len(), users.len())
    }
}

/// The result of checking credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// They are correct.
    Welcome,
    /// They are missing or wrong.
    Unknown,
    /// They were not checked, because too many others are waiting.
    Busy,
}

impl Authentication {
    /// Accepts these tokens, and these users with their passwords.
    pub(crate) fn new(tokens: &[String], users: HashMap<String, String>) -> Result<Self, String> {
        let failed = |_| "the operating system provides no random numbers".to_owned();
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &rand::SystemRandom::new()).map_err(failed)?;
        let tokens = tokens.iter().map(|it| hmac::sign(&key, it.as_bytes())).collect();
        // As expensive as the most expensive real hash. It is not the hash of any known password.
        let cost = users.values().filter_map(|it| it.get(4..6)).max().unwrap_or("04");
        let decoy = format!("$2b${cost}$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ0123.");
        let (remembered, waiting) = (Mutex::default(), Mutex::default());
        Ok(Self { key, tokens, users, decoy, remembered, waiting, hashing: Semaphore::new(1) })
    }

    /// Whether all clients have access.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.tokens.is_empty() && self.users.is_empty()
    }

    /// Returns the `www-authenticate` header for a refusal. The realm must not contain quotes.
    #[must_use]
    pub fn challenge(&self, realm: &str) -> String {
        if self.users.is_empty() {
            format!("Bearer realm=\"{realm}\"")
        } else {
            format!("Basic realm=\"{realm}\", charset=\"UTF-8\"")
        }
    }

    /// Checks the text of an `authorization` header.
    pub async fn check(&self, header: Option<&str>, client: IpAddr) -> Verdict {
        if self.is_open() {
            return Verdict::Welcome;
        }
        let Some((scheme, credentials)) = header.and_then(|it| it.split_once(' ')) else { return Verdict::Unknown };
        if scheme.eq_ignore_ascii_case("bearer") {
            let tag = hmac::sign(&self.key, credentials.trim().as_bytes());
            if is_among(&self.tokens, &tag) { Verdict::Welcome } else { Verdict::Unknown }
        } else if scheme.eq_ignore_ascii_case("basic") {
            self.user(credentials.trim(), client).await
        } else {
            Verdict::Unknown
        }
    }

    async fn user(&self, credentials: &str, client: IpAddr) -> Verdict {
        if self.users.is_empty() {
            return Verdict::Unknown;
        }
        let Ok(text) = BASE64_STANDARD.decode(credentials) else { return Verdict::Unknown };
        let tag = hmac::sign(&self.key, &text);
        if self.is_remembered(&tag) {
            return Verdict::Welcome;
        }
        let Some((name, password)) = std::str::from_utf8(&text).ok().and_then(|it| it.split_once(':')) else {
            return Verdict::Unknown;
        };
        let Some(_waiting) = self.queue(network(client)) else { return Verdict::Busy };
        // The semaphore is never closed.
        let _permit = self.hashing.acquire().await;
        // Another request may have used the same credentials meanwhile.
        if self.is_remembered(&tag) {
            return Verdict::Welcome;
        }
        let (known, hash) = self.users.get(name).map_or((false, &self.decoy), |it| (true, it));
        let (password, hash) = (password.to_owned(), hash.clone());
        let begin = Instant::now();
        let verify = move || bcrypt::verify(password, &hash).unwrap_or(false);
        let right = tokio::task::spawn_blocking(verify).await.unwrap_or(false) && known;
        if !right {
            // The delay limits guessing to half of a processor. A user with the right password waits no longer than
            // this check.
            sleep(begin.elapsed()).await;
            return Verdict::Unknown;
        }
        let mut remembered = self.remembered();
        if remembered.len() >= REMEMBERED_MAX {
            remembered.pop_front();
        }
        remembered.push_back(tag);
        Verdict::Welcome
    }

    fn remembered(&self) -> MutexGuard<'_, VecDeque<hmac::Tag>> {
        lock(&self.remembered)
    }

    fn is_remembered(&self, tag: &hmac::Tag) -> bool {
        is_among(&*self.remembered(), tag)
    }

    /// Returns a place in the queue, or `None` if it is full.
    fn queue(&self, network: IpAddr) -> Option<Waiting<'_>> {
        let mut waiting = lock(&self.waiting);
        if waiting.len() >= NETWORKS_MAX && !waiting.contains_key(&network) {
            return None;
        }
        let count = waiting.entry(network).or_default();
        if *count >= OF_NETWORK_MAX {
            return None;
        }
        *count += 1;
        Some(Waiting { waiting: &self.waiting, network })
    }
}

/// Compares with all tags, so that the time does not reveal which one matches.
fn is_among<'a>(tags: impl IntoIterator<Item = &'a hmac::Tag>, tag: &hmac::Tag) -> bool {
    tags.into_iter().fold(Choice::from(0), |known, it| known | it.as_ref().ct_eq(tag.as_ref())).into()
}

/// A place in the queue.
struct Waiting<'a> {
    waiting: &'a Mutex<HashMap<IpAddr, u8>>,
    network: IpAddr,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut waiting = lock(self.waiting);
        if let Some(count) = waiting.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                waiting.remove(&self.network);
            }
        }
    }
}

/// Whether it has the form of a bcrypt hash.
pub(crate) fn is_bcrypt(hash: &str) -> bool {
    let cost = || hash.get(4..6).and_then(|it| it.parse::<u8>().ok()).is_some_and(|it| (4..=31).contains(&it));
    hash.len() == 60
        && hash.bytes().all(|it| it.is_ascii_alphanumeric() || b"./$".contains(&it))
        && ["$2a$", "$2b$", "$2y$"].iter().any(|it| hash.starts_with(it))
        && cost()
}

#[cfg(test)]
mod tests {
    use super::{Authentication, OF_NETWORK_MAX, REMEMBERED_MAX, Verdict, is_bcrypt};
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use std::net::IpAddr;

    fn authentication(cost: u32) -> Authentication {
        let hash = bcrypt::hash("password", cost).unwrap();
        let names = 0..REMEMBERED_MAX + 2;
        Authentication::new(&[], names.map(|it| (it.to_string(), hash.clone())).collect()).unwrap()
    }

    async fn check(authentication: &Authentication, client: [u8; 4], user: &str, password: &str) -> Verdict {
        let header = format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")));
        authentication.check(Some(&header), IpAddr::from(client)).await
    }

    #[tokio::test]
    async fn correct_passwords_are_remembered_and_wrong_ones_are_not() {
        let authentication = authentication(4);
        let remembered = || authentication.remembered().len();
        let check = async |user: &str, password: &str| check(&authentication, [127, 0, 0, 1], user, password).await;
        assert_eq!(check("0", "wrong").await, Verdict::Unknown);
        assert_eq!(check("nobody", "password").await, Verdict::Unknown);
        assert_eq!(remembered(), 0);
        for _ in 0..3 {
            assert_eq!(check("0", "password").await, Verdict::Welcome);
            assert_eq!(remembered(), 1);
        }
        assert_eq!(check("0", "wrong").await, Verdict::Unknown);
        for name in 0..REMEMBERED_MAX + 2 {
            assert_eq!(check(&name.to_string(), "password").await, Verdict::Welcome);
        }
        assert_eq!(remembered(), REMEMBERED_MAX);
    }

    #[tokio::test]
    async fn guessing_delays_other_clients_by_no_more_than_its_share() {
        let authentication = authentication(6);
        let guess = || check(&authentication, [127, 0, 0, 1], "0", "wrong");
        let other = check(&authentication, [127, 0, 0, 2], "0", "password");
        let (first, second, third, fourth, fifth, other) =
            tokio::join!(guess(), guess(), guess(), guess(), guess(), other);
        assert_eq!(OF_NETWORK_MAX, 4);
        assert_eq!([first, second, third, fourth], [Verdict::Unknown; 4]);
        assert_eq!(fifth, Verdict::Busy);
        assert_eq!(other, Verdict::Welcome);
        assert_eq!(guess().await, Verdict::Unknown, "the places are free again");
    }

    #[test]
    fn the_decoy_is_as_expensive_as_the_other_hashes() {
        let authentication = authentication(5);
        assert!(is_bcrypt(&authentication.decoy) && authentication.decoy.starts_with("$2b$05$"));
        assert!(!bcrypt::verify("nobody", &authentication.decoy).unwrap(), "a valid hash of another password");
        for none in ["", "$2b$10$short", &"x".repeat(60), &format!("$2b$99${}", "a".repeat(53))] {
            assert!(!is_bcrypt(none), "{none}");
        }
    }
}
