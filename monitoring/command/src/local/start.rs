//! Starts servers, waits until they are ready, and stops them.

use super::folder::Folder;
use super::health;
use super::process::Process;
use super::servers::{Layout, SERVERS, Server};
use super::state::{Running, State};
use measurand_catalog::open_input;
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server and the path of its program.
pub(crate) type Found = (&'static Server, PathBuf);

/// Why a server does not run.
pub(crate) enum Failure {
    /// Another program took its port meanwhile.
    Port,
    /// Another reason, as an error message.
    Other(String),
}

/// A port for each server: the fixed one, the earlier one if it is free, or any free one. All ports are held until the
/// last one is chosen, so that they differ.
pub(crate) fn ports(
    servers: &[Found],
    fixed: bool,
    earlier: &BTreeMap<String, u16>,
) -> Result<BTreeMap<&'static str, u16>, String> {
    let mut held = Vec::new();
    for (server, _) in servers {
        let service = &server.service;
        let wanted = if fixed { service.published } else { 0 };
        let earlier = earlier.get(service.name).filter(|_| !fixed);
        let earlier = earlier.and_then(|it| TcpListener::bind((Ipv4Addr::LOCALHOST, *it)).ok());
        let listener =
            earlier.map_or_else(|| TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)), Ok).map_err(|error| {
                format!(
                    "port {wanted} of {} is not free: {error}; help: stop the program that listens there, or leave out \
                 `--fixed-ports`",
                    service.name
                )
            })?;
        let port = listener.local_addr();
        let port = port.map_err(|it| format!("cannot find a free port: {it}; help: try `--fixed-ports`"))?.port();
        held.push((service.name, port, listener));
    }
    Ok(held.into_iter().map(|(name, port, _)| (name, port)).collect())
}

/// Starts a server, records its process, and waits until it is ready. Returns the time that this took.
pub(crate) fn start(
    server: &Server,
    program: &Path,
    layout: &Layout<'_>,
    state: &mut State,
) -> Result<Duration, Failure> {
    let service = &server.service;
    let log = layout.folder.path("logs").join(format!("{}.log", service.name));
    let begin = Instant::now();
    // The log keeps the output of earlier starts. Only output after this position belongs to this start.
    let from = std::fs::metadata(&log).map_or(0, |it| it.len());
    let mut child = spawn(server, program, layout, &log).map_err(|error| {
        Failure::Other(format!(
            "cannot start `{}`: {error}; help: install it again: {}",
            program.display(),
            server.help()
        ))
    })?;
    let url = format!("http://{}", layout.address(service));
    if let Some(process) = Process::of(child.id()) {
        state.servers.push(Running {
            name: service.name.to_owned(),
            ready: format!("{url}{}", service.ready),
            url: url.clone(),
            program: program.display().to_string(),
            log: log.display().to_string(),
            process,
        });
        state.write(layout.folder).map_err(Failure::Other)?;
    }
    wait_ready(&mut child, &format!("{url}{}", service.ready), begin).map_err(|why| {
        let said = last_lines(&log, from);
        if said.contains("address already in use") {
            return Failure::Port;
        }
        Failure::Other(format!("{} {why}; help: see the end of `{}`: {said}", service.name, log.display()))
    })?;
    Ok(begin.elapsed())
}

/// Starts the program in its own process group, so that Ctrl-C in this terminal does not stop it.
fn spawn(server: &Server, program: &Path, layout: &Layout<'_>, log: &Path) -> io::Result<Child> {
    let output = OpenOptions::new().create(true).append(true).open(log)?;
    let mut command = Command::new(program);
    command
        .args((server.arguments)(layout))
        .envs((server.environment)(layout))
        .current_dir(layout.folder.root())
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn()
}

fn wait_ready(child: &mut Child, url: &str, begin: Instant) -> Result<(), String> {
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Err(format!("exited at once ({status})"));
        }
        if health::ready(url) {
            return Ok(());
        }
        if begin.elapsed() > Duration::from_secs(60) {
            return Err("is not ready after a minute".to_owned());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Number of bytes at the end of a log that are searched for its last lines.
const LOG_BYTES: u64 = 64 << 10;

/// The last three lines of a log in one line, for an error message.
fn last_lines(log: &Path, from: u64) -> String {
    let text = log_end(log, from).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().rev().take(3).collect();
    lines.into_iter().rev().map(|it| it.escape_debug().to_string()).collect::<Vec<_>>().join(" | ")
}

/// The end of a log, at most [`LOG_BYTES`], without the bytes before `from`.
fn log_end(log: &Path, from: u64) -> io::Result<Vec<u8>> {
    let mut file = open_input(log).map_err(io::Error::other)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(from.max(length.saturating_sub(LOG_BYTES))))?;
    let mut bytes = Vec::new();
    file.take(LOG_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Starts the servers of a running stack that have exited, on their ports and with their configuration. Calls `started`
/// for each.
pub(crate) fn resume(
    folder: &Folder,
    state: &mut State,
    mut started: impl FnMut(&str, &str, Duration) -> Result<(), String>,
) -> Result<(), String> {
    let known = state.clone();
    let ports = known.ports();
    let ports = SERVERS.iter().filter_map(|it| Some((it.service.name, *ports.get(it.service.name)?))).collect();
    let secrets = if known.secrets.is_empty() { folder.path("secrets") } else { PathBuf::from(&known.secrets) };
    for server in &SERVERS {
        let name = server.service.name;
        let Some(dead) = known.servers.iter().find(|it| it.name == name && !it.process.runs()) else { continue };
        let program = PathBuf::from(&dead.program);
        let layout =
            Layout { folder, program: &program, ports: &ports, secrets: &secrets, native_flag: known.native_flag };
        state.servers.retain(|it| it.name != name);
        match start(server, &program, &layout, state) {
            Ok(took) => started(name, &dead.url, took)?,
            Err(failure) => {
                // The record keeps the port for the next attempt.
                for server in state.servers.iter().filter(|it| it.name == name) {
                    server.process.end(Duration::from_secs(10));
                }
                state.servers.retain(|it| it.name != name);
                state.servers.push(dead.clone());
                state.write(folder)?;
                return Err(match failure {
                    Failure::Other(why) => why,
                    Failure::Port => format!(
                        "another program listens on the port of {name}, {}; help: stop that program, or restart all \
                         servers with `cargo measurand down` and `up`",
                        dead.url
                    ),
                });
            }
        }
    }
    // In start order, since they stop in reverse order.
    state.servers.sort_by_key(|it| SERVERS.iter().position(|server| server.service.name == it.name));
    state.write(folder)
}

/// Stops the servers in reverse start order. Returns the names of those that had to be killed.
pub(crate) fn stop(folder: &Folder, state: &State) -> Vec<String> {
    let mut killed = Vec::new();
    for server in state.servers.iter().rev() {
        if !server.process.end(Duration::from_secs(10)) {
            killed.push(server.name.clone());
        }
    }
    State::remove(folder);
    killed
}
