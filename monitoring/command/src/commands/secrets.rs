//! `cargo measurand secrets`: creates the files with secrets that the containers of `generate --compose` read.

use crate::cli::{Format, Secrets};
use crate::local::folder::{private, random};
use crate::outcome::Outcome;
use crate::output::{self, painted};
use measurand_catalog::{read_text, visible};
use measurand_check::Settings;
use measurand_monitoring::{Receivers, RemoteStore, Slack, web_config};
use serde::Serialize;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

/// The user of the alert page and of the reverse proxy.
const USER: &str = "measurand";
/// Maximum size of a password file.
const BYTES_MAX: u64 = 4 << 10;
/// The files with keys that only a certificate authority can create.
const CERTIFICATES: [&str; 3] = ["tls_certificate", "tls_key", "tls_ca"];

/// One file in the folder.
struct Secret {
    name: String,
    contents: Contents,
    /// The container or person that reads it, and its purpose.
    purpose: String,
    /// Whether a container reads it. Containers run as other users.
    is_mounted: bool,
}

/// The contents of a new file.
#[derive(Clone, Copy)]
enum Contents {
    Random,
    /// A line for a file of users with the hash of the password in this file.
    User(&'static str),
    /// The web configuration of the servers with the hash of the password in this file.
    WebConfig(&'static str),
    /// A user for nginx with the password in this file.
    Plain(&'static str),
    /// This text.
    Fixed(&'static str),
    /// Nothing; only the operator has this secret.
    Empty,
}

fn secret(name: &str, contents: Contents, purpose: &str) -> Secret {
    Secret { name: name.to_owned(), contents, purpose: purpose.to_owned(), is_mounted: true }
}

fn password(name: &str, purpose: &str) -> Secret {
    Secret { is_mounted: false, ..secret(name, Contents::Random, purpose) }
}

/// Returns all files. A password comes before the files that contain its hash.
fn all(settings: &Settings) -> Vec<Secret> {
    let (receivers, remote) = (&settings.options.receivers, &settings.options.prometheus.remote_write);
    let mut all = vec![
        secret("webhook_token", Contents::Random, "Alertmanager and Prometheus log in to the alert receiver with it"),
        secret("grafana_admin_password", Contents::Random, "the password of `admin` in Grafana"),
        password("webhook_password", "the password of `measurand` on the alert page"),
        secret("webhook_users", Contents::User("webhook_password"), "its hash, for the alert receiver"),
        secret("pagerduty_routing_key", Contents::Empty, "the routing key of a PagerDuty service"),
        secret("smtp_password", Contents::Empty, "the password of `smtp_user` at the e-mail server"),
        secret("web_password", Contents::Random, "overlays/tls: the password of `monitoring` at all servers"),
        secret("web_config", Contents::WebConfig("web_password"), "overlays/tls: its hash, and the certificate"),
        secret("web_users", Contents::Plain("web_password"), "overlays/tls: the same user for the program's nginx"),
        password("proxy_password", "overlays/proxy: the password of `measurand`"),
        secret("proxy_users", Contents::User("proxy_password"), "overlays/proxy: its hash, for nginx"),
    ];
    all.extend(slack(receivers));
    let switch = receivers.has_switch().then_some("the token for the dead man's switch");
    all.extend(switch.map(|it| secret(Receivers::SWITCH_SECRET, Contents::Empty, it)));
    let remote = remote.as_ref().map(|_| "the password or token for the store in `[remote_write]`");
    all.extend(remote.map(|it| secret(RemoteStore::SECRET, Contents::Empty, it)));
    all
}

/// Returns the files for Slack, which depend on the channels.
fn slack(receivers: &Receivers) -> Vec<Secret> {
    let one = |name: &String| match name.as_str() {
        Slack::TOKEN => secret(name, Contents::Empty, "the token of the Slack app, which starts with `xoxb-`"),
        Slack::API_URL => secret(name, Contents::Fixed(Slack::API), "the address to which the Slack app posts"),
        _ => secret(name, Contents::Empty, &format!("the URL of the Slack webhook for #{}", &name["slack_".len()..])),
    };
    receivers.slack_secrets().iter().map(one).collect()
}

#[derive(Serialize)]
struct Report {
    folder: String,
    files: Vec<FileReport>,
    /// The files that only the operator can create.
    missing: Vec<&'static str>,
}

#[derive(Serialize)]
struct FileReport {
    name: String,
    state: &'static str,
    purpose: String,
}

pub(super) fn secrets(arguments: &Secrets) -> Result<Outcome, String> {
    let folder = arguments.out.join("secrets");
    create(&folder)?;
    // Keeps the secrets out of the repository.
    write_new(&folder.join(".gitignore"), b"*\n", 0o644)?;
    let mut files = Vec::new();
    for secret in all(&Settings::of_folder(&arguments.out)?) {
        let state = match written(&folder, &secret)? {
            true if matches!(secret.contents, Contents::Empty) => "empty",
            true => "wrote",
            false if is_empty(&folder.join(&secret.name)) => "empty",
            false => "kept",
        };
        files.push(FileReport { name: secret.name, state, purpose: secret.purpose });
    }
    let missing = CERTIFICATES.into_iter().filter(|it| !folder.join(it).exists()).collect();
    let report = Report { folder: folder.display().to_string(), files, missing };
    output::print(&match arguments.format {
        Format::Text => text(&report),
        Format::Json => output::json(&report),
    })?;
    Ok(Outcome::Fine)
}

/// Writes a file that does not exist. Returns whether it did not exist.
fn written(folder: &Path, secret: &Secret) -> Result<bool, String> {
    let path = folder.join(&secret.name);
    if path.exists() {
        return Ok(false);
    }
    let contents = match secret.contents {
        Contents::Random => random().map_err(|it| failed(&path, &it))?,
        Contents::Fixed(text) => text.to_owned(),
        Contents::Empty => String::new(),
        Contents::User(password) => format!("{USER}:{}\n", hash(&folder.join(password))?),
        Contents::WebConfig(password) => web_config(&hash(&folder.join(password))?),
        Contents::Plain(password) => format!("monitoring:{{PLAIN}}{}\n", read(&folder.join(password))?),
    };
    // The folder is closed to other users. Inside of it, a container's user has to read the mounted file.
    let mode = if secret.is_mounted { 0o644 } else { 0o600 };
    write_new(&path, contents.as_bytes(), mode)
}

/// The bcrypt hash of the password in a file. nginx knows only the prefix `$2y$` of the same hash.
fn hash(password: &Path) -> Result<String, String> {
    let text = read(password)?;
    let hash = bcrypt::non_truncating_hash(&text, bcrypt::DEFAULT_COST);
    let hash = hash.map_err(|it| format!("cannot hash `{}`: {it}; help: use at most 71 bytes", password.display()))?;
    Ok(hash.replacen("$2b$", "$2y$", 1))
}

fn read(path: &Path) -> Result<String, String> {
    let text = read_text(path, BYTES_MAX).map_err(|it| it.to_string())?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(format!("`{}` is empty; help: write the password into it, or remove it", path.display()));
    }
    Ok(text.to_owned())
}

fn is_empty(path: &Path) -> bool {
    path.metadata().is_ok_and(|it| it.len() == 0)
}

/// Creates the folder, which only its owner can enter.
fn create(folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).and_then(|()| private(folder)).map_err(|it| failed(folder, &it))
}

/// Creates a file. Returns `false` if it exists; no file is ever overwritten.
fn write_new(path: &Path, contents: &[u8], mode: u32) -> Result<bool, String> {
    let mut options = OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path).and_then(|mut file| permit(&file, mode).and_then(|()| file.write_all(contents))) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(failed(path, &error)),
    }
}

/// Sets the permissions, independent of the umask.
#[cfg(unix)]
fn permit(file: &File, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn permit(_: &File, _: u32) -> io::Result<()> {
    Ok(())
}

fn failed(path: &Path, error: &io::Error) -> String {
    format!("cannot write `{}`: {error}; help: name another folder with `--out`", path.display())
}

fn text(report: &Report) -> String {
    let (folder, mut text) = (visible(&report.folder), String::new());
    for file in &report.files {
        let style = if file.state == "empty" { "1;33" } else { "1;32" };
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "{} {folder}/{:22} {}",
            painted(&format!("{:5}", file.state), style),
            file.name,
            file.purpose
        );
    }
    let note = painted("note", "1");
    let empty: Vec<&str> = report.files.iter().filter(|it| it.state == "empty").map(|it| it.name.as_str()).collect();
    if !empty.is_empty() {
        let _ = writeln!(
            text,
            "{note}: fill in {} with `printf %s`; the servers start without them, and notifications to an empty one fail",
            empty.join(", ")
        );
    }
    if !report.missing.is_empty() {
        let _ = writeln!(text, "{note}: overlays/tls and overlays/proxy also need {}", report.missing.join(", "));
    }
    text
}
