//! Authentication and TLS, configured by files: read when the server starts, and again when they change.

use crate::auth::{Authentication, is_bcrypt};
use crate::connection::Watched;
use crate::files::Files;
use crate::tls::TlsFiles;
use crate::web_config::WebConfig;
use axum::http::{HeaderName, HeaderValue};
use measurand_catalog::lock::{lock, read, write};
use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;

/// The files with users, tokens and certificates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessFiles {
    /// Bearer tokens, one per line.
    pub tokens: Option<PathBuf>,
    /// Users as `name:bcrypt-hash`, one per line.
    pub users: Option<PathBuf>,
    /// The certificate for HTTPS.
    pub tls: Option<TlsFiles>,
    /// A web configuration file in the format of Prometheus' exporters, with users, certificate and headers.
    pub web_config: Option<PathBuf>,
}

/// The configuration from the last valid version of the files.
pub struct Current {
    /// The users and tokens.
    pub authentication: Authentication,
    /// Headers of each answer.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    tls: Option<Arc<ServerConfig>>,
}

/// Reports a one-line message to the operator.
pub type Warn = fn(&str);

/// The files and their current configuration.
#[derive(Debug)]
pub struct Access {
    files: AccessFiles,
    current: RwLock<Arc<Current>>,
    /// The content of the files when they were last read, valid or not, and the time of the last check.
    seen: Mutex<(Files, Instant)>,
    warn: Warn,
}

/// Minimum time between two checks of the files.
const LOOK: Duration = Duration::from_secs(1);

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { authentication, headers, tls } = self;
        f.debug_struct("Current")
            .field("authentication", authentication)
            .field("headers", headers)
            .field("is_encrypted", &tls.is_some())
            .finish()
    }
}

impl Access {
    /// Reads the files.
    ///
    /// # Errors
    /// One line that names the file, the line if there is one, and the fix.
    pub fn read(files: AccessFiles, warn: Warn) -> Result<Self, String> {
        let mut seen = Files::default();
        let current = Arc::new(files.read(&mut seen)?);
        Ok(Self { files, current: RwLock::new(current), seen: Mutex::new((seen, Instant::now())), warn })
    }

    /// Returns the current configuration.
    pub fn current(&self) -> Arc<Current> {
        Arc::clone(&read(&self.current))
    }

    /// Whether the server uses HTTPS; this never changes while it runs.
    pub fn is_encrypted(&self) -> bool {
        self.current().tls.is_some()
    }

    /// Reads the files again. If one of them is invalid, the old configuration stays in use.
    ///
    /// # Errors
    /// The reason why the old configuration stays in use.
    pub fn reload(&self) -> Result<(), String> {
        let mut seen = Files::default();
        let read = self.files.read(&mut seen);
        lock(&self.seen).0 = seen;
        let (new, old) = (read?, self.current());
        // A file that is being written is empty for a moment, which must not disable authentication.
        if new.authentication.is_open() && !old.authentication.is_open() {
            return Err("the new files would disable authentication; restart the program if that is intended".into());
        }
        if new.tls.is_some() != old.tls.is_some() {
            return Err("the new files would enable or disable TLS; restart the program if that is intended".into());
        }
        *write(&self.current) = Arc::new(new);
        Ok(())
    }

    /// Returns the current configuration. Checks first whether the files have changed, at most once a second.
    pub async fn refreshed(self: &Arc<Self>) -> Arc<Current> {
        let is_due = {
            let mut seen = lock(&self.seen);
            let is_due = seen.1.elapsed() >= LOOK;
            if is_due {
                seen.1 = Instant::now();
            }
            is_due
        };
        if is_due {
            let access = Arc::clone(self);
            // Reading from a disk may block.
            let _ = tokio::task::spawn_blocking(move || access.look()).await;
        }
        self.current()
    }

    fn look(&self) {
        let known = lock(&self.seen).0.clone();
        if !known.have_changed() {
            return;
        }
        match self.reload() {
            Ok(()) => (self.warn)("credentials and certificate have changed and were reloaded"),
            Err(error) => (self.warn)(&format!("credentials and certificate stay as they were: {error}")),
        }
    }

    /// Performs the TLS handshake with the current configuration.
    pub(crate) async fn accept(self: &Arc<Self>, stream: Watched) -> io::Result<TlsStream<Watched>> {
        match &self.refreshed().await.tls {
            Some(config) => TlsAcceptor::from(Arc::clone(config)).accept(stream).await,
            None => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

impl AccessFiles {
    fn read(&self, files: &mut Files) -> Result<Current, String> {
        let tokens = self.tokens.as_deref().map(|it| tokens(files, it)).transpose()?.unwrap_or_default();
        let mut users = self.users.as_deref().map(|it| users(files, it)).transpose()?.unwrap_or_default();
        let mut config = match &self.web_config {
            Some(path) => WebConfig::parse(path, &files.read_text("web configuration", path)?)?,
            None => WebConfig::default(),
        };
        users.extend(config.users.drain());
        let tls = self.tls.as_ref().or(config.tls.as_ref()).map(|it| it.config(files)).transpose()?;
        Ok(Current { authentication: Authentication::new(&tokens, users)?, headers: config.headers, tls })
    }
}

/// Returns the lines of a file that are neither empty nor comments.
fn lines(files: &mut Files, path: &Path, what: &str) -> Result<Vec<(usize, String)>, String> {
    let text = files.read_text(what, path)?;
    let lines = text.lines().map(str::trim).enumerate().filter(|(_, it)| !it.is_empty() && !it.starts_with('#'));
    let lines: Vec<_> = lines.map(|(index, it)| (index + 1, it.to_owned())).collect();
    // An empty file must not disable authentication.
    if lines.is_empty() {
        Err(format!("there are no {what} in `{}`; write one per line", path.display()))
    } else {
        Ok(lines)
    }
}

fn tokens(files: &mut Files, path: &Path) -> Result<Vec<String>, String> {
    lines(files, path, "tokens")?
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

fn users(files: &mut Files, path: &Path) -> Result<HashMap<String, String>, String> {
    let shown = path.display();
    lines(files, path, "users")?
        .into_iter()
        .map(|(line, text)| {
            let user = text.split_once(':').filter(|(name, hash)| !name.is_empty() && is_bcrypt(hash));
            user.map(|(name, hash)| (name.to_owned(), hash.to_owned())).ok_or_else(|| {
                format!(
                    "{shown}:{line}: this is not a user such as `name:$2b$…`; create the hash with \
                     `measurand-webhook --hash-password`"
                )
            })
        })
        .collect()
}
