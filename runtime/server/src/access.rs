//! Who may come in and how, as files say it: read when the server starts, and again when they change.

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

/// Where all of it is written down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessFiles {
    /// Bearer tokens, one a line.
    pub tokens: Option<PathBuf>,
    /// Users, `name:bcrypt-hash` a line.
    pub users: Option<PathBuf>,
    /// The certificate, for HTTPS.
    pub tls: Option<TlsFiles>,
    /// A file as Prometheus' exporters take it, with users, certificate and headers.
    pub web_config: Option<PathBuf>,
}

/// What the files said when they were read last and were good.
pub struct Current {
    /// Who may come in.
    pub authentication: Authentication,
    /// Headers of each answer.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    tls: Option<Arc<ServerConfig>>,
}

/// Tells whoever runs the server something in one line.
pub type Warn = fn(&str);

/// The files and what they say.
#[derive(Debug)]
pub struct Access {
    files: AccessFiles,
    current: RwLock<Arc<Current>>,
    /// What was in the files when they were read last, good or not, and when it was last looked at.
    seen: Mutex<(Files, Instant)>,
    warn: Warn,
}

/// The files are looked at no more often than that.
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
    /// One line that names the file, the line where there is one, and the mend.
    pub fn read(files: AccessFiles, warn: Warn) -> Result<Self, String> {
        let mut seen = Files::default();
        let current = Arc::new(files.read(&mut seen)?);
        Ok(Self { files, current: RwLock::new(current), seen: Mutex::new((seen, Instant::now())), warn })
    }

    /// What counts now.
    pub fn current(&self) -> Arc<Current> {
        Arc::clone(&read(&self.current))
    }

    /// Whether it is HTTPS, which stays as it is.
    pub fn is_encrypted(&self) -> bool {
        self.current().tls.is_some()
    }

    /// Reads the files again. When one of them is no good, everything stays as it was.
    ///
    /// # Errors
    /// When it stayed, and why.
    pub fn reload(&self) -> Result<(), String> {
        let mut seen = Files::default();
        let read = self.files.read(&mut seen);
        lock(&self.seen).0 = seen;
        let (new, old) = (read?, self.current());
        // A file that is being written is empty for a moment, which must not open the door.
        if new.authentication.is_open() && !old.authentication.is_open() {
            return Err(
                "nobody would be asked for credentials any more; start the program again if that is meant".into()
            );
        }
        if new.tls.is_some() != old.tls.is_some() {
            return Err("TLS would begin or end; start the program again if that is meant".into());
        }
        *write(&self.current) = Arc::new(new);
        Ok(())
    }

    /// What counts now, after a look at whether the files have changed; there is one such look a second.
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
            // Disks may take their time.
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
            Ok(()) => (self.warn)("credentials and certificate have changed and are read again"),
            Err(error) => (self.warn)(&format!("credentials and certificate stay as they were: {error}")),
        }
    }

    /// The handshake with what is good now.
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

/// The lines of a file that are not empty and no comments.
fn lines(files: &mut Files, path: &Path, what: &str) -> Result<Vec<(usize, String)>, String> {
    let text = files.read_text(what, path)?;
    let lines = text.lines().map(str::trim).enumerate().filter(|(_, it)| !it.is_empty() && !it.starts_with('#'));
    let lines: Vec<_> = lines.map(|(index, it)| (index + 1, it.to_owned())).collect();
    // An empty file must not open the door.
    if lines.is_empty() {
        Err(format!("there are no {what} in `{}`; write one a line", path.display()))
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
                    "{shown}:{line}: this is no user as in `name:$2b$…`; make the hash with \
                     `measurand-webhook --hash-password`"
                )
            })
        })
        .collect()
}
