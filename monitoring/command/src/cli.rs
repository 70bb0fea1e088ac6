//! The arguments of the command and its help.

use clap::{Args, Parser, Subcommand, ValueEnum};
use measurand_catalog::record::is_text;
use std::ffi::OsString;
use std::path::PathBuf;

/// Dashboards and alerts for a program whose functions are annotated.
#[derive(Debug, Parser)]
#[command(name = "measurand", bin_name = "cargo measurand", version, arg_required_else_help = true)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write the Grafana dashboard, the alerts and the recording rules of a program.
    #[command(after_help = GENERATE_EXAMPLE)]
    Generate(Generate),
    /// Hold every rule, dashboard and test file of a folder against a program: in both directions nothing may be missing.
    #[command(after_help = CHECK_EXAMPLE)]
    Check(Check),
    /// Compare two versions of a program: does a change break those who read its metrics?
    #[command(after_help = DIFF_EXAMPLE)]
    Diff(Diff),
    /// Look for mistakes in any rules and dashboards, generated or not.
    #[command(after_help = LINT_EXAMPLE)]
    Lint(Lint),
    /// Say what a function or a metric is: labels, series, PromQL, alerts, panels; without a name, list all functions.
    #[command(after_help = EXPLAIN_EXAMPLE)]
    Explain(Explain),
    /// Watch the functions of a running program: calls, errors and durations, as its live page shows them.
    #[command(after_help = TOP_EXAMPLE)]
    Top(Top),
    /// Say what so many instances of a program ask of those who watch them, and which engine carries it.
    #[command(after_help = SIZE_EXAMPLE)]
    Size(SizeArguments),
    /// Watch a running program: start Prometheus, Alertmanager and what else is installed, without containers.
    #[command(after_help = UP_EXAMPLE)]
    Up(Up),
    /// Say how the servers are that `up` has started.
    #[command(after_help = STATUS_EXAMPLE)]
    Status(StateFolder),
    /// Stop the servers that `up` has started.
    #[command(after_help = DOWN_EXAMPLE)]
    Down(Down),
    /// Print the catalog of a program as JSON: its annotated functions and what they measure.
    #[command(after_help = CATALOG_EXAMPLE)]
    Catalog(CatalogArguments),
    /// Print what a shell needs to complete the arguments of `cargo-measurand`.
    #[command(after_help = COMPLETIONS_EXAMPLE)]
    Completions(Completions),
}

const EXIT_CODES: &str = "\
Exit codes:
  0  all is well
  1  there are findings
  2  wrong usage, or something that cannot be read or written

Read are regular files only, of at most 32 MiB (rules, dashboards, tests), 1 MiB (monitoring.toml, .lint), 256 MiB (a
saved catalog) or 4 GiB (a program), and answers of at most 256 MiB within 30 s, for `top` 64 MiB within 10 s.";

/// The folder of the generated files, unless another is named.
pub(crate) const DIRECTORY: &str = "monitoring";

const GENERATE_EXAMPLE: &str = "\
Example:
  cargo build --release
  cargo measurand generate target/release/app --out monitoring

The files that are listed are replaced; all others in the folder stay: rules, panels and routes of your own belong in
files of their own, which `check` reads too.

RUNBOOK.md holds the section `# Runbook` of each function as Markdown. HTML in it becomes text, and so does a link that is
not http, https, mailto or relative; an image becomes a link.

What a catalog cannot know stands in monitoring.toml in that folder; every line of it may be missing:
  job = \"shop\"                        # the job's name in Prometheus
  package = \"shop-server\"             # the package in Cargo that `--compose` builds
  team = \"payments\"                   # who answers alerts about functions that name no owner
  grafana_url = \"https://grafana.example.org\"
  runbook_url = \"https://wiki.example.org/runbooks\"
  under_load = true                    # whether less traffic than usual is an alert
  memory_bytes = 268435456.0           # the resident memory above which MemoryHigh fires
  histograms = \"native\"                # one series each, not one for each bucket
  known_metrics = [\"http_*\"]          # for `check`: metrics that others export
  target_labels = [\"datacenter\"]      # for `check`: further labels of targets
  accepted_labels = [\"session\"]       # for `check`: labels with few values and no secrets
  # Also secrets, pagerduty_url, smtp_host, smtp_from, smtp_user, capacity.
  [receivers]
  leads = \"leads@example.org\"
  teams = \"teams@example.org\"
  webhook_url = \"http://alert-webhook:9095/webhook\"
  switch_url = \"https://switch.example.org/ping\"
  [alerts.DatabaseSlowQueries]
  threshold = 0.025                    # one of the metric's buckets
  for = \"5m\"
  severity = \"P2\"
  [objectives.ErrorBudgetFastBurn]     # also ErrorBudgetBurn, ErrorBudgetSlowBurn
  for = \"2m\"
  # Fires if the budget burns this many times too fast over one of these pairs of windows.
  windows = [{ times = 14.4, long = \"1h\", short = \"5m\" }]
  [leave_out]
  alerts = [\"ScrapeSlow\"]
  families = [\"cache\"]
  panels = [\"overview/cpu\"]            # the key of the row and that of the panel

Exit codes: 0 written, 1 written but something was left out, 2 wrong usage, or something that cannot
be read or written";

const CHECK_EXAMPLE: &str = "\
Examples:
  cargo measurand check target/release/app monitoring
  cargo measurand check http://localhost:3000 monitoring --format json

Read are all .yml, .yaml and .json files in the folder and below it: rules, dashboards, unit tests for promtool, and
these inside objects of Kubernetes. Every metric, label, value, bucket, job, alert, dashboard and panel that they name
has to exist; generated files have to be what `generate` would write now; no alert may be missing.
A file has at most 32 MiB; pipes and devices are refused. Expressions have the limits of `lint`.
A metric that was never incremented is no finding: the program says what it can record, not what it has recorded.

Exit codes: 0 nothing found, 1 findings, 2 wrong usage, or something that cannot be read";

const DIFF_EXAMPLE: &str = "\
Examples:
  cargo measurand catalog target/release/app > catalog.json     # with each release
  cargo measurand diff catalog.json target/release/app          # before the next one
  cargo measurand diff catalog.json target/release/app --config monitoring/monitoring.toml
  cargo measurand diff http://localhost:3000 target/release/app --format json

Breaking: a metric is removed or renamed, its kind or unit changes, it gets or loses a label, a label loses a value, a
histogram loses a bucket, or no function records some series any more. Additive: new metrics, values, buckets, series.
Listed with each change are the generated panels and alerts of the old version that ask for it.

Exit codes: 0 nothing or only additions, 1 breaking, 2 wrong usage, or something that cannot be read";

const LINT_EXAMPLE: &str = "\
Examples:
  cargo measurand lint monitoring
  cargo measurand lint own-alerts.yml own-dashboard.json --allow template-instance-rule
  cargo measurand lint --rules

A file has at most 32 MiB and 2,000,000 values. An expression beyond 64 KiB, nested deeper than 200 or with patterns that
repeat parts more than 1,000 times is a finding of promql/syntax, and is not parsed.

Looked for is what needs no server: pint's checks of rules and Grafana's dashboard-linter's of dashboards, under their
names; what Prometheus 2 and 3 understand differently; and what Grafana ignores without a word: misspelt options, units,
reducers, colours, matchers, transformations, panels on top of each other, legends and overrides of labels and series
that are not there.

Comments as pint has them (`# pint disable promql/rate`) and a file `.lint` beside dashboards switch rules off where they
are not meant; docs/reference/lint.md has the words.

Exit codes: 0 nothing found, 1 findings, 2 wrong usage, or something that cannot be read";

const EXPLAIN_EXAMPLE: &str = "\
Examples:
  cargo measurand explain target/release/app
  cargo measurand explain target/release/app checkout
  cargo measurand explain http://localhost:3000 db_query_duration_seconds --format json

Series: a counter or a gauge is one for each combination of labels; a histogram is one for each bucket, and three more
(+Inf, _sum and _count). A label that takes whatever value comes makes at most 2000 combinations in its family and one
more, `_other`; such numbers are marked with `<=`.

Exit codes: 0 found, 2 no such function or metric, wrong usage or a source that cannot be read";

const TOP_EXAMPLE: &str = "\
Examples:
  cargo measurand top http://localhost:3000
  cargo measurand top http://localhost:3000 --sort p95
  cargo measurand top http://localhost:3000 --once --format json

Rates, shares and quantiles are those of the last five minutes, calls and errors those since the program began. The budget
is what the last hour left of what a function promises. Without a terminal the table is printed once.
An answer may take 10 s and have 64 MiB; a cell shows at most 200 characters.
Keys: n c r e 5 9 p i b sort by a column, the same key again turns the order around, q ends.

Exit codes: 0 ended, 2 wrong usage, or no live numbers there";
const SIZE_EXAMPLE: &str = "\
Examples:
  cargo measurand size target/release/app
  cargo measurand size --series 1000 --instances 50 --instances 20000 --interval 30

Series of a program are the most that it can make, and what every endpoint exports besides; where a label takes whatever
value comes that is far too many, and `--series` says how many there really are: `scrape_samples_scraped` in Prometheus.

Exit codes: 0 computed, 2 wrong usage, or a source that cannot be read";

const UP_EXAMPLE: &str = "\
Examples:
  cargo measurand up http://localhost:3000
  cargo measurand up target/release/app --target http://localhost:3000 --target http://localhost:3001
  cargo measurand up http://localhost:3000 --fixed-ports --secrets /run/secrets

Started are prometheus, alertmanager and measurand-webhook, and node_exporter and grafana where they are installed; all
listen on this machine alone. Everything they read and write is in one folder: config, data, logs and secrets.
Your decisions are read from monitoring/monitoring.toml, your own rules from monitoring/rules/*.yml, if there are some.
Alerts reach the alert receiver; with `--secrets` also those that monitoring.toml names under [receivers].

Exit codes: 0 all is up, 1 a target does not answer, 2 wrong usage, or a server that does not start";

const STATUS_EXAMPLE: &str = "\
Exit codes: 0 all is up, 1 a server or a target is not, 2 wrong usage, or something that cannot be read";

const DOWN_EXAMPLE: &str = "\
A server is ended only if it still is the program that was started. Data and logs stay for the next `up`.

What runs is recorded twice, in state.json and state.copy.json. A damaged state.json is renamed to state.damaged.json, and
the copy takes its place; without a copy the command says how to find servers that may still run, and goes on.

Exit codes: 0 nothing runs any more, 2 wrong usage, or something that cannot be read";

const COMPLETIONS_EXAMPLE: &str = "\
Examples:
  cargo measurand completions bash > ~/.local/share/bash-completion/completions/cargo-measurand
  cargo measurand completions fish > ~/.config/fish/completions/cargo-measurand.fish";

const CATALOG_EXAMPLE: &str = "\
Example:
  cargo measurand catalog target/release/app
  cargo measurand catalog http://localhost:3000 > catalog.json";

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that people give or do not")]
pub(crate) struct Generate {
    #[command(flatten)]
    pub(crate) source: Source,
    /// The folder to write into; it is made if it does not exist
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Write also what belongs to a Prometheus, however many programs it watches: prometheus.yml, alertmanager.yml and
    /// alerts about the monitoring itself
    #[arg(long)]
    pub(crate) stack: bool,
    /// Write also what starts all servers in containers: docker-compose.yml, .env.example, Grafana's provisioning, and
    /// overlays for TLS, for a reverse proxy and for several Prometheus servers; implies `--stack`
    #[arg(long)]
    pub(crate) compose: bool,
    /// Write also objects for the Prometheus operator in Kubernetes
    #[arg(long)]
    pub(crate) kubernetes: bool,
    /// Write also unit tests of the alerts, for `promtool test rules`. No pattern of `rule_files` may match them
    #[arg(long)]
    pub(crate) tests: bool,
    #[command(flatten)]
    pub(crate) decisions: Overrides,
    /// How to say what was written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Print nothing but errors
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Up {
    /// A compiled program, the address of a running one, or a saved catalog.json [default: the first target]
    #[arg(value_name = "BINARY|URL", required_unless_present = "target")]
    pub(crate) source: Option<String>,
    /// The address of a running program that is to be watched; may be given several times [default: the source, if that
    /// is an address]
    #[arg(long, value_name = "URL")]
    pub(crate) target: Vec<String>,
    #[command(flatten)]
    pub(crate) state: StateFolder,
    /// Use the ports that people know (9090, 9093, 9095, 9100, 3001) and not free ones
    #[arg(long)]
    pub(crate) fixed_ports: bool,
    /// Call people: the folder with the secrets of those who are called
    #[arg(long, value_name = "DIR")]
    pub(crate) secrets: Option<PathBuf>,
    /// How long to wait for the targets to be up
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) wait: u64,
    #[command(flatten)]
    pub(crate) decisions: Overrides,
}

#[derive(Debug, Args)]
pub(crate) struct SizeArguments {
    /// A compiled program, the address of a running one, or a saved catalog.json
    #[arg(value_name = "BINARY|URL", required_unless_present = "series")]
    pub(crate) source: Option<String>,
    /// How many instances there are; may be given several times
    #[arg(long, value_name = "COUNT", default_values_t = [10, 1_000, 100_000], value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub(crate) instances: Vec<u64>,
    /// How many series one instance has
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub(crate) series: Option<u64>,
    /// Seconds between two scrapes
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) interval: u64,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Down {
    #[command(flatten)]
    pub(crate) state: StateFolder,
    /// Remove configuration, data, logs and secrets as well
    #[arg(long)]
    pub(crate) purge: bool,
}

/// Where a stack is on this machine.
#[derive(Debug, Args)]
pub(crate) struct StateFolder {
    /// The folder in which everything is
    #[arg(long = "state", value_name = "DIR", default_value = ".measurand")]
    pub(crate) folder: PathBuf,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    #[command(flatten)]
    pub(crate) source: Source,
    /// A function, alone or with the end of its path (`orders::checkout`), or a metric; without it all functions are listed
    #[arg(value_name = "FUNCTION|METRIC")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) decisions: Overrides,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Top {
    /// The address of a running program
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    /// The column to sort by
    #[arg(long, value_enum, default_value_t = Column::Rate)]
    pub(crate) sort: Column,
    /// Print the table once and end
    #[arg(long)]
    pub(crate) once: bool,
    /// How to print it once
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// A column of `top`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Column {
    /// The function's path
    Name,
    /// Calls since the program began
    Calls,
    /// Calls per second
    Rate,
    /// The share of calls that did not end well
    Errors,
    /// Half of the calls are faster
    P50,
    /// 95 % of the calls are faster
    P95,
    /// 99 % of the calls are faster
    P99,
    /// Calls that have not ended
    InFlight,
    /// What is left of the budget
    Budget,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) source: Source,
    /// The folder with the generated files and those of your own
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
    #[command(flatten)]
    pub(crate) decisions: Overrides,
    /// How to say what was found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The version before: a compiled program, the address of a running one, or a saved catalog.json
    #[arg(value_name = "OLD")]
    pub(crate) old: String,
    /// The version after
    #[arg(value_name = "NEW")]
    pub(crate) new: String,
    /// The monitoring.toml with which the dashboards and rules of the old version were generated
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// How to say what is different
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Lint {
    /// Files of rules or dashboards, or folders of them
    #[arg(value_name = "FILE", required_unless_present = "rules")]
    pub(crate) files: Vec<PathBuf>,
    /// The name of a rule that is to find nothing; may be given several times
    #[arg(long, value_name = "RULE", value_parser = measurand_check::rule_named)]
    pub(crate) allow: Vec<&'static str>,
    /// Lists all rules and what they find, and looks at nothing
    #[arg(long, conflicts_with_all = ["files", "allow"])]
    pub(crate) rules: bool,
    /// How to say what was found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// What a catalog does not know. An argument goes before what `monitoring.toml` says.
#[derive(Debug, Args)]
pub(crate) struct Overrides {
    /// The file that says the following, thresholds and more [default: monitoring.toml in the folder, if there is one]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The job's name in Prometheus [default: the program's name: its crate; with annotated functions in several crates
    /// the name of the file, or the crate with the most]
    #[arg(long, value_name = "NAME", value_parser = job)]
    pub(crate) job: Option<String>,
    /// Where people find Grafana, for the links in alerts [default: <http://localhost:3001>]
    #[arg(long, value_name = "URL")]
    pub(crate) grafana_url: Option<String>,
    /// The page of runbooks for alerts whose functions name none; `#` and the alert's name are added [default: RUNBOOK.md]
    #[arg(long, value_name = "URL")]
    pub(crate) runbook_url: Option<String>,
    /// How Prometheus stores the program's histograms [default: classic]
    #[arg(long, value_enum)]
    pub(crate) histograms: Option<Histograms>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Histograms {
    /// A series for each bucket
    Classic,
    /// One series, whose samples are histograms
    Native,
}

#[derive(Debug, Args)]
pub(crate) struct CatalogArguments {
    #[command(flatten)]
    pub(crate) source: Source,
}

#[derive(Debug, Args)]
pub(crate) struct Source {
    /// A compiled program, the address of a running one, or a saved catalog.json
    #[arg(value_name = "BINARY|URL")]
    pub(crate) source: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Lines for people
    Text,
    /// One JSON object
    Json,
}

/// The arguments as they are without `cargo` in front: `cargo measurand x` calls `cargo-measurand measurand x`.
pub(crate) fn without_subcommand(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.collect();
    if arguments.get(1).is_some_and(|it| it == "measurand") {
        arguments.remove(1);
    }
    arguments
}

fn job(name: &str) -> Result<String, String> {
    if name.trim().is_empty() || !name.chars().all(is_text) {
        return Err("a job's name is one line of text, as in Prometheus' `job_name`".to_owned());
    }
    Ok(name.to_owned())
}
