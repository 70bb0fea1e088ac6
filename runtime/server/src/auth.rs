//! Who may come in: bearer tokens, and users with bcrypt hashes. It knows the header's text and no more of HTTP.

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

/// Passwords that were right are remembered, as keyed hashes, since bcrypt takes a tenth of a second each time.
const REMEMBERED_MAX: usize = 256;
/// Networks whose passwords are waiting to be looked at, and passwords of one network that are: with more of them somebody
/// is guessing, and must not make others wait behind all of it.
const NETWORKS_MAX: usize = 64;
const OF_NETWORK_MAX: u8 = 4;

/// The hash of a password, for a file of users.
///
/// # Errors
/// When it is empty, or longer than the 72 bytes that bcrypt looks at.
pub fn hash_password(password: &str) -> Result<String, String> {
    if password.is_empty() {
        return Err("the password is empty; write it to standard input".to_owned());
    }
    bcrypt::non_truncating_hash(password, bcrypt::DEFAULT_COST).map_err(|_| {
        "the password has more than 71 bytes, which bcrypt does not look at; choose a shorter one".to_owned()
    })
}

/// What is compared with.
pub struct Authentication {
    /// Made anew each time. Keyed hashes are compared rather than what they are of, and in constant time.
    key: hmac::Key,
    tokens: Vec<hmac::Tag>,
    users: HashMap<String, String>,
    /// For users that are unknown: to find out that a name is wrong must take as long as a wrong password.
    nobody: String,
    remembered: Mutex<VecDeque<hmac::Tag>>,
    /// Passwords by network that wait to be looked at.
    waiting: Mutex<HashMap<IpAddr, u8>>,
    /// One at a time: guessing may keep one processor busy, not all of them.
    hashing: Semaphore,
}

impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tokens, users, .. } = self;
        write!(f, "Authentication {{ tokens: {}, users: {} }}", tokens.len(), users.len())
    }
}

/// The answer to somebody's credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// They are right.
    Welcome,
    /// There were none, or wrong ones.
    Unknown,
    /// Nobody looked at them, since too many are to be looked at already.
    Busy,
}

impl Authentication {
    /// Lets in whoever has one of these tokens, or is one of these users and knows the password.
    pub(crate) fn new(tokens: &[String], users: HashMap<String, String>) -> Result<Self, String> {
        let failed = |_| "the operating system gives no random numbers".to_owned();
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &rand::SystemRandom::new()).map_err(failed)?;
        let tokens = tokens.iter().map(|it| hmac::sign(&key, it.as_bytes())).collect();
        // As costly as the costliest of the real ones; what it is the hash of is not known to anybody.
        let cost = users.values().filter_map(|it| it.get(4..6)).max().unwrap_or("04");
        let nobody = format!("$2b${cost}$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ0123.");
        let (remembered, waiting) = (Mutex::default(), Mutex::default());
        Ok(Self { key, tokens, users, nobody, remembered, waiting, hashing: Semaphore::new(1) })
    }

    /// Whether everybody may come in.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.tokens.is_empty() && self.users.is_empty()
    }

    /// What to answer with when somebody is not known; the realm is a name without quotes.
    #[must_use]
    pub fn challenge(&self, realm: &str) -> String {
        if self.users.is_empty() {
            format!("Bearer realm=\"{realm}\"")
        } else {
            format!("Basic realm=\"{realm}\", charset=\"UTF-8\"")
        }
    }

    /// Judges the text of an `authorization` header.
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
        // Another request may have brought the same one meanwhile.
        if self.is_remembered(&tag) {
            return Verdict::Welcome;
        }
        let (known, hash) = self.users.get(name).map_or((false, &self.nobody), |it| (true, it));
        let (password, hash) = (password.to_owned(), hash.clone());
        let begin = Instant::now();
        let verify = move || bcrypt::verify(password, &hash).unwrap_or(false);
        let right = tokio::task::spawn_blocking(verify).await.unwrap_or(false) && known;
        if !right {
            // Guessing gets half of a processor, and whoever knows the password does not wait for longer than now.
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

    /// A place among those that wait; nothing when there is none.
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

/// Compares with all of them, so that the time does not tell which one it is.
fn is_among<'a>(tags: impl IntoIterator<Item = &'a hmac::Tag>, tag: &hmac::Tag) -> bool {
    tags.into_iter().fold(Choice::from(0), |known, it| known | it.as_ref().ct_eq(tag.as_ref())).into()
}

/// One that waits.
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

/// Whether it looks like a hash that bcrypt makes.
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
    async fn what_was_right_is_remembered_and_what_was_wrong_is_not() {
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
    async fn who_guesses_keeps_others_waiting_for_no_more_than_its_share() {
        let authentication = authentication(6);
        let guess = || check(&authentication, [127, 0, 0, 1], "0", "wrong");
        let other = check(&authentication, [127, 0, 0, 2], "0", "password");
        let (first, second, third, fourth, fifth, other) =
            tokio::join!(guess(), guess(), guess(), guess(), guess(), other);
        assert_eq!(OF_NETWORK_MAX, 4);
        assert_eq!([first, second, third, fourth], [Verdict::Unknown; 4]);
        assert_eq!(fifth, Verdict::Busy);
        assert_eq!(other, Verdict::Welcome);
        assert_eq!(guess().await, Verdict::Unknown, "places come back");
    }

    #[test]
    fn nobody_is_a_hash_as_costly_as_the_others() {
        let authentication = authentication(5);
        assert!(is_bcrypt(&authentication.nobody) && authentication.nobody.starts_with("$2b$05$"));
        assert!(!bcrypt::verify("nobody", &authentication.nobody).unwrap(), "it is well-formed");
        for none in ["", "$2b$10$short", &"x".repeat(60), &format!("$2b$99${}", "a".repeat(53))] {
            assert!(!is_bcrypt(none), "{none}");
        }
    }
}
