//! `measurand-webhook`: reads the arguments, runs the server, handles signals, and sets the exit code.

#![forbid(unsafe_code)]

mod cli;

use clap::Parser;
use measurand_webhook::{Reloader, Server, visible};
use std::io::{Read, Write};
use std::process::ExitCode;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let result = if cli.hash_password { hash_password() } else { run(cli) };
    let Err(error) = result else { return ExitCode::SUCCESS };
    // If stderr is closed, the error cannot be reported.
    let _ = writeln!(std::io::stderr(), "error: {}", visible(&error));
    ExitCode::FAILURE
}

fn run(cli: cli::Cli) -> Result<(), String> {
    let settings = cli.settings()?;
    let runtime =
        Runtime::new().map_err(|it| format!("cannot start threads: {it}; help: check the limits of the process"))?;
    let result = runtime.block_on(async {
        ignore_size_limit()?;
        let server = Server::start(settings).await?;
        let stop = stop()?;
        reload_on_hangup(server.reloader())?;
        print(&format!("serving alerts at {}", server.url()))?;
        server.run(stop).await
    });
    // A thread that waits for a hanging disk must not block the exit.
    runtime.shutdown_background();
    result
}

/// Handles SIGXFSZ, so that a write beyond the file size limit (`ulimit -f`) fails as on a full disk, instead of
/// killing the process.
#[cfg(unix)]
fn ignore_size_limit() -> Result<(), String> {
    use tokio::signal::unix::{SignalKind, signal};
    let kind = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
    // The handler stays installed after the value is dropped.
    signal(kind).map(drop).map_err(|it| format!("cannot listen for signals: {it}"))
}

/// Does nothing: other platforms do not have this signal.
#[cfg(not(unix))]
fn ignore_size_limit() -> Result<(), String> {
    Ok(())
}

/// Returns a future that completes on SIGTERM or SIGINT.
#[cfg(unix)]
fn stop() -> Result<impl Future<Output = ()>, String> {
    use tokio::signal::unix::{SignalKind, signal};
    let on = |kind| signal(kind).map_err(|it| format!("cannot listen for signals: {it}"));
    let (mut terminate, mut interrupt) = (on(SignalKind::terminate())?, on(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => (),
            _ = interrupt.recv() => (),
        }
    })
}

/// Reloads credentials and certificate on SIGHUP.
#[cfg(unix)]
fn reload_on_hangup(reloader: Reloader) -> Result<(), String> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangup = signal(SignalKind::hangup()).map_err(|it| format!("cannot listen for signals: {it}"))?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            tokio::task::block_in_place(|| reloader.reload());
        }
    });
    Ok(())
}

/// Does nothing: other platforms do not have this signal.
#[cfg(not(unix))]
fn reload_on_hangup(_: Reloader) -> Result<(), String> {
    Ok(())
}

/// Returns a future that completes on Ctrl-C.
#[cfg(not(unix))]
fn stop() -> Result<impl Future<Output = ()>, String> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}

fn hash_password() -> Result<(), String> {
    let mut password = String::new();
    let read = std::io::stdin().lock().take(1024).read_to_string(&mut password);
    read.map_err(|it| format!("cannot read the password from standard input: {it}; help: send UTF-8 text"))?;
    print(&measurand_webhook::hash_password(password.trim_end_matches(['\r', '\n']))?)
}

fn print(line: &str) -> Result<(), String> {
    let mut stdout = std::io::stdout();
    let printed = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
    printed.map_err(|it| format!("cannot print: {it}; help: keep standard output open"))
}
