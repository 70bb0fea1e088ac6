//! Who may come in: bearer tokens and users with bcrypt hashes, out of files. It knows the header's text and no more of
//! HTTP.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::{hmac, rand};
use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Passwords that were right are remembered, as keyed hashes, since bcrypt takes a tenth of a second each time.
const REMEMBERED_MAX: usize = 256;

/// Where the credentials are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CredentialFiles {
    /// Bearer tokens, one a line.
    pub tokens: Option<PathBuf>,
    /// Users, `name:bcrypt-hash` a line.
    pub users: Option<PathBuf>,
}

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
pub(crate) struct Authentication {
    /// Made anew by each process. Tags of equal length under a secret key are compared in constant time.
    key: hmac::Key,
    tokens: Vec<hmac::Tag>,
    users: HashMap<String, String>,
    /// For users that are unknown: to find out that a name is wrong must take as long as a wrong password.
    nobody: String,
    remembered: Mutex<Vec<hmac::Tag>>,
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
pub(crate) enum Verdict {
    Welcome,
    /// There were none, or wrong ones.
    Unknown,
}

impl Authentication {
    /// Reads the files.
    pub(crate) fn read(files: &CredentialFiles) -> Result<Self, String> {
        let failed = |_| "the operating system gives no random numbers".to_owned();
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &rand::SystemRandom::new()).map_err(failed)?;
        let tokens = match &files.tokens {
            Some(path) => tokens(path)?.iter().map(|it| hmac::sign(&key, it.as_bytes())).collect(),
            None => Vec::new(),
        };
        let users = files.users.as_deref().map(users).transpose()?.unwrap_or_default();
        // As costly as the costliest of the real ones.
        let cost = users.values().filter_map(|it| it.get(4..6)?.parse().ok()).max().unwrap_or(4);
        let nobody = if users.is_empty() {
            String::new()
        } else {
            bcrypt::hash("nobody has this password", cost).map_err(|it| it.to_string())?
        };
        Ok(Self { key, tokens, users, nobody, remembered: Mutex::default(), hashing: Semaphore::new(1) })
    }

    /// Whether everybody may come in.
    pub(crate) fn is_open(&self) -> bool {
        self.tokens.is_empty() && self.users.is_empty()
    }

    /// What to answer with when somebody is not known.
    pub(crate) fn challenge(&self) -> &'static str {
        if self.users.is_empty() { "Bearer realm=\"alerts\"" } else { "Basic realm=\"alerts\", charset=\"UTF-8\"" }
    }

    /// Judges the text of an `authorization` header.
    pub(crate) async fn check(&self, header: Option<&str>) -> Verdict {
        if self.is_open() {
            return Verdict::Welcome;
        }
        let Some((scheme, credentials)) = header.and_then(|it| it.split_once(' ')) else { return Verdict::Unknown };
        let known = if scheme.eq_ignore_ascii_case("bearer") {
            self.is_among(&self.tokens, credentials.trim().as_bytes())
        } else if scheme.eq_ignore_ascii_case("basic") {
            self.is_user(credentials.trim()).await
        } else {
            false
        };
        if known { Verdict::Welcome } else { Verdict::Unknown }
    }

    /// Compares with all of them, so that the time does not tell which one it is.
    fn is_among(&self, tags: &[hmac::Tag], text: &[u8]) -> bool {
        tags.iter().fold(false, |known, tag| known | hmac::verify(&self.key, text, tag.as_ref()).is_ok())
    }

    async fn is_user(&self, credentials: &str) -> bool {
        let Ok(text) = BASE64_STANDARD.decode(credentials) else { return false };
        if self.is_among(&self.remembered.lock().unwrap_or_else(PoisonError::into_inner), &text) {
            return true;
        }
        let Some((name, password)) = std::str::from_utf8(&text).ok().and_then(|it| it.split_once(':')) else {
            return false;
        };
        let (known, hash) = self.users.get(name).map_or((false, &self.nobody), |it| (true, it));
        let (password, hash) = (password.to_owned(), hash.clone());
        // The semaphore is never closed.
        let _permit = self.hashing.acquire().await;
        let verify = move || !hash.is_empty() && bcrypt::verify(password, &hash).unwrap_or(false);
        let right = tokio::task::spawn_blocking(verify).await.unwrap_or(false) && known;
        if right {
            let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
            if remembered.len() >= REMEMBERED_MAX {
                remembered.remove(0);
            }
            remembered.push(hmac::sign(&self.key, &text));
        }
        right
    }
}

/// The lines of a file that are not empty and no comments.
fn lines(path: &Path, what: &str) -> Result<Vec<(usize, String)>, String> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|it| format!("cannot read the {what} in `{shown}`: {it}; name a file that can be read"))?;
    let lines = text.lines().map(str::trim).enumerate().filter(|(_, it)| !it.is_empty() && !it.starts_with('#'));
    let lines: Vec<_> = lines.map(|(index, it)| (index + 1, it.to_owned())).collect();
    // An empty file must not open the door.
    if lines.is_empty() { Err(format!("there are no {what} in `{shown}`; write one a line")) } else { Ok(lines) }
}

fn tokens(path: &Path) -> Result<Vec<String>, String> {
    lines(path, "tokens")?
        .into_iter()
        .map(|(line, token)| {
            if token.len() < 16 {
                let shown = path.display();
                return Err(format!(
                    "{shown}:{line}: the token is shorter than 16 characters; make one with `openssl rand -hex 32`"
                ));
            }
            Ok(token)
        })
        .collect()
}

fn users(path: &Path) -> Result<HashMap<String, String>, String> {
    let shown = path.display();
    lines(path, "users")?
        .into_iter()
        .map(|(line, text)| {
            let user = text.split_once(':').filter(|(name, hash)| !name.is_empty() && is_bcrypt(hash));
            user.map(|(name, hash)| (name.to_owned(), hash.to_owned())).ok_or_else(|| {
                format!(
                    "{shown}:{line}: this is no user as in `name:$2b$…`; make the hash with \
                     `measurand-webhook --hash-password`"
                )
            })
        })
        .collect()
}

fn is_bcrypt(hash: &str) -> bool {
    hash.len() == 60 && ["$2a$", "$2b$", "$2y$"].iter().any(|it| hash.starts_with(it)) && hash.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::{Authentication, CredentialFiles, REMEMBERED_MAX, Verdict};
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;

    #[tokio::test]
    async fn what_was_right_is_remembered_and_what_was_wrong_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let users = directory.path().join("users");
        let names = 0..REMEMBERED_MAX + 2;
        let hash = bcrypt::hash("password", 4).unwrap();
        let lines: Vec<String> = names.clone().map(|it| format!("{it}:{hash}")).collect();
        std::fs::write(&users, lines.join("\n")).unwrap();
        let authentication = Authentication::read(&CredentialFiles { tokens: None, users: Some(users) }).unwrap();
        let remembered = || authentication.remembered.lock().unwrap().len();
        let check = async |user: &str, password: &str| {
            let header = format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")));
            authentication.check(Some(&header)).await
        };
        assert_eq!(check("0", "wrong").await, Verdict::Unknown);
        assert_eq!(check("nobody", "password").await, Verdict::Unknown);
        assert_eq!(remembered(), 0);
        for _ in 0..3 {
            assert_eq!(check("0", "password").await, Verdict::Welcome);
            assert_eq!(remembered(), 1);
        }
        assert_eq!(check("0", "wrong").await, Verdict::Unknown);
        for name in names {
            assert_eq!(check(&name.to_string(), "password").await, Verdict::Welcome);
        }
        assert_eq!(remembered(), REMEMBERED_MAX);
    }
}
