//! An application to monitor: patterns, embeddings and trajectories in SQLite, learning, retrieval, extraction,
//! verification by agents, planning, tasks, an HTTP interface, and faults that can be switched on.
//!
//! ```text
//! api, load ──► queue ──► tasks ──► retrieval, planner, agents ──► store
//!                         upkeep ──► mind, extraction ───────────────┘
//! ```

mod agents;
mod api;
mod app;
mod bench;
mod cache;
mod coordination;
mod embedding;
mod error;
mod extraction;
mod faults;
mod learning;
mod load;
mod mind;
mod options;
mod planner;
mod queue;
mod retrieval;
mod sabotage;
mod situation;
mod store;
mod tasks;
mod upkeep;
mod workers;
mod world;

use app::App;
use clap::Parser;
use measurand::exporter::Hosts;
use options::{Cli, Command, Serve};
use queue::Queue;
use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Some(Command::Bench { seconds }) => bench::run(seconds),
        None => run(&cli.serve),
    };
    let Err(error) = result else { return ExitCode::SUCCESS };
    // Ignores a closed stderr.
    let _ = writeln!(std::io::stderr(), "error: {error}");
    ExitCode::FAILURE
}

fn run(serve: &Serve) -> Result<(), String> {
    measurand::set_series_limit(serve.series_limit);
    let runtime = Runtime::new().map_err(|it| format!("cannot start threads: {it}"))?;
    let result = runtime.block_on(serve_until_stopped(serve));
    // Does not wait for running queries.
    runtime.shutdown_background();
    result
}

async fn serve_until_stopped(options: &Serve) -> Result<(), String> {
    let temporary = tempfile::tempdir().map_err(|it| format!("cannot create a temporary folder: {it}"))?;
    let directory = options.directory.as_deref().unwrap_or(temporary.path());
    std::fs::create_dir_all(directory).map_err(|error| {
        format!(
            "cannot create the folder `{}`: {error}\nhelp: name another one with `--directory`",
            directory.display()
        )
    })?;
    let (queue, waiting) = Queue::new();
    let app = App::open(directory, queue).map_err(|it| it.to_string())?;
    let app = Arc::new(app);
    // Faults start after the database is open, so that they cannot prevent the start.
    faults::set(&options.faults.iter().cloned().collect())?;
    let listen = &options.listen;
    let listener = TcpListener::bind(listen).await;
    let listener = listener
        .map_err(|it| format!("cannot listen on `{listen}`: {it}\nhelp: name another address with `--listen`"))?;
    let address = listener.local_addr().map_err(|it| it.to_string())?;
    workers::start(&app, waiting);
    upkeep::start(&app);
    sabotage::start(&app);
    if options.load > 0 {
        load::start(&app, options.load, address);
    }
    announce(address);
    let mut routes = api::router(app, options.remote_faults);
    if let Some(hosts) = Hosts::of_listener(address, &[]) {
        routes = hosts.protect(routes);
    }
    let service = routes.into_make_service_with_connect_info::<SocketAddr>();
    tokio::select! {
        result = axum::serve(listener, service) => result.map_err(|it| it.to_string()),
        result = tokio::signal::ctrl_c() => result.map_err(|it| format!("cannot listen for signals: {it}")),
        () = expired(options) => Ok(()),
    }
}

async fn expired(options: &Serve) {
    match options.duration {
        Some(duration) => tokio::time::sleep(duration).await,
        None => std::future::pending().await,
    }
}

fn announce(address: SocketAddr) {
    let url = format!("http://{address}");
    let text = format!(
        "metrics   {url}/metrics\nlive      {url}/live\ncatalog   {url}/catalog.json\nfaults    {url}/faults\n\
         dashboard and rules:\n  \
         cargo run -p cargo-measurand -- generate {url} --out generated\n"
    );
    // Ignores a closed stdout.
    let _ = std::io::stdout().write_all(text.as_bytes());
}
