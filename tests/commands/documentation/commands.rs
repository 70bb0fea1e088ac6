//! Runs the `sh` blocks of each page, in their order and in one shell, in a folder with the files that the page shows.
//!
//! A block whose first line names a file in a comment is written to that file when its turn comes. Ports are replaced by
//! free ones, and commands that serve run in the background until the page ends.

use crate::pages::{self, Page};
use measurand_tests::{free_port, program, target_directory, workspace};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// The programs of the workspace that pages start.
const PROGRAMS: [&str; 5] = ["cargo-measurand", "measurand-webhook", "neural-service", "quickstart", "your-own-domain"];

/// How commands begin that serve until they are interrupted, with what each of them prints when it is ready.
const SERVERS: [(&str, &str); 6] = [
    ("cargo run", "https?://"),
    ("measurand-webhook", "http://"),
    ("nginx", "using inherited sockets|start worker process "),
    ("prometheus ", "Server is ready to receive web requests"),
    ("prometheus-alertmanager", "Listening on"),
    ("victoria-metrics", "started VictoriaMetrics"),
];

/// How commands begin that succeed only when a server has got so far.
const RETRIED: [&str; 4] = ["curl ", "amtool ", "promtool query ", "cargo measurand status"];

/// The definitions that every page can use. A failed command ends the shell, and all that it has started.
const PRELUDE: &str = r#"
set -euo pipefail
pids=() run=
finish() {
    [[ ! -d .measurand ]] || cargo-measurand down >/dev/null || true
    for it in "${pids[@]}" $run; do kill "$it" 2>/dev/null || true; done
    wait
}
trap finish EXIT
trap 'exit 1' INT TERM
curl() { command curl --silent --show-error --max-time 20 "$@"; }
# serve READY COMMAND: starts it, and waits until its output matches or it has ended well. Cargo may build for minutes.
serve() {
    local log turn pid replaces=
    log=$(mktemp "$PAGE/serve.XXXXXX")
    # A program that is started again has the port of the one before.
    if [[ $2 == *"cargo run"* && $2 != *MEASURAND_LISTEN=* && $2 != *measurand-webhook* ]]; then replaces=yes; fi
    if [[ $replaces && $run ]]; then kill "$run"; wait "$run" || true; fi
    (trap - EXIT INT TERM; eval "exec $2") >"$log" 2>&1 &
    pid=$!
    if [[ $replaces ]]; then run=$pid; else pids+=("$pid"); fi
    for ((turn = 0; turn < 9000; turn++)); do
        grep -Eq "$1" "$log" && return
        kill -0 "$pid" 2>/dev/null || { cat "$log"; wait "$pid"; return; }
        sleep 0.1
    done
    cat "$log"; echo "not ready: $2"; return 1
}
# try COMMAND: once a second until it succeeds; an alert takes minutes to fire.
try() {
    local turn
    for ((turn = 0; turn < 300; turn++)); do
        if (eval "$1") >"$PAGE/try.log" 2>&1; then cat "$PAGE/try.log"; return; fi
        sleep 1
    done
    cat "$PAGE/try.log"; echo "failed for five minutes: $1"; return 1
}
"#;

/// Cargo without a network: programs of the workspace are built already, and a new project gets the workspace's lock.
const CARGO: &str = r#"#!/usr/bin/env bash
set -euo pipefail
case "$*" in
    "run -p "*)
        package=$3; shift 3
        [[ ${1-} != -- ]] || shift
        exec "$PROGRAMS/$package" "$@" ;;
    "measurand "*) exec "$PROGRAMS/cargo-measurand" "$@" ;;
    "new "*)
        "$REAL_CARGO" "$@"
        cp "$WORKSPACE/Cargo.lock" "$2" ;;
    *) exec "$REAL_CARGO" "$@" ;;
esac
"#;

/// One page whose commands run.
struct Session<'a> {
    page: &'a Page,
    folder: tempfile::TempDir,
    ports: BTreeMap<u16, u16>,
}

impl Session<'_> {
    /// The whole page as one script.
    fn script(&mut self) -> String {
        let mut script = PRELUDE.to_owned();
        for block in &self.page.blocks.clone() {
            let place = format!("{}:{}", self.page.name, block.line);
            if block.language == "sh" {
                let _ = writeln!(script, "echo '== {place}'");
                for command in commands(&block.text) {
                    let command = self.local(&command);
                    let quoted = format!("'{}'", command.replace('\'', r"'\''"));
                    let _ = writeln!(script, "echo '+ '{quoted}");
                    script += &line(&command, &quoted);
                    script.push('\n');
                }
            } else if let Some(file) = block.file() {
                let contents = self.local(&block.contents());
                let _ = writeln!(script, "mkdir -p \"$(dirname {file})\"");
                let _ = writeln!(script, "cat >{file} <<'END_OF_FILE'\n{contents}END_OF_FILE");
            }
        }
        script
    }

    /// The text with ports that are free, and paths of this checkout.
    fn local(&mut self, text: &str) -> String {
        let mut local = String::new();
        let mut rest = text;
        while let Some((start, length)) =
            ["127.0.0.1:", "localhost:"].iter().filter_map(|it| Some((rest.find(it)?, it.len()))).min()
        {
            let (before, after) = rest.split_at(start + length);
            let digits = after.len() - after.trim_start_matches(|it: char| it.is_ascii_digit()).len();
            local += before;
            match after[..digits].parse::<u16>() {
                Ok(port) if port != 0 => local += &self.ports.entry(port).or_insert_with(free_port).to_string(),
                _ => local += &after[..digits],
            }
            rest = &after[digits..];
        }
        local += rest;
        let target = target_directory();
        local
            .replace("../measurand/", &format!("{}/", workspace().display()))
            .replace("target/debug/", &format!("{}/debug/", target.display()))
    }

    fn run(mut self) -> Result<(), String> {
        let script = self.script();
        let [listen, receiver] =
            [3000, 9095].map(|it| format!("127.0.0.1:{}", self.ports.entry(it).or_insert_with(free_port)));
        let folder = self.folder.path().join("page");
        let tools = self.folder.path().join("bin");
        for it in [&folder, &tools] {
            std::fs::create_dir(it).unwrap();
        }
        let cargo = tools.join("cargo");
        std::fs::write(&cargo, CARGO).unwrap();
        std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();
        // A project of a page shares the packages that are built already if it has the profiles of the workspace.
        let config = self.folder.path().join(".cargo");
        std::fs::create_dir(&config).unwrap();
        std::fs::write(config.join("config.toml"), profiles()).unwrap();
        let programs = target_directory().join("debug");
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{}:{path}:/usr/sbin", tools.display(), programs.display());
        let mut bash = Command::new("bash");
        bash.args(["-c", &script])
            .current_dir(&folder)
            .env("PATH", path)
            .env("PAGE", self.folder.path())
            .env("PROGRAMS", &programs)
            .env("WORKSPACE", workspace())
            .env("REAL_CARGO", env!("CARGO"))
            .env("RUSTUP_TOOLCHAIN", toolchain())
            .env("MEASURAND_LISTEN", listen)
            .env("MEASURAND_WEBHOOK_LISTEN", receiver)
            .env("MEASURAND_MISSING_RECORDER", "off")
            .env("CARGO_TARGET_DIR", target_directory())
            .env("CARGO_NET_OFFLINE", "true")
            .env("CARGO_TERM_COLOR", "never")
            .stdin(Stdio::null())
            .process_group(0);
        for (name, _) in
            std::env::vars().filter(|(name, _)| name.starts_with("CARGO_PKG") || name.starts_with("CARGO_MANIFEST"))
        {
            bash.env_remove(name);
        }
        let output = bash.output().unwrap();
        let said = [output.stdout, output.stderr].map(|it| String::from_utf8_lossy(&it).into_owned()).concat();
        if std::env::var_os("MEASURAND_TEST_SHOW").is_some() {
            println!("{said}");
        }
        output.status.success().then_some(()).ok_or(said)
    }
}

/// The profiles of the workspace, as a configuration of Cargo.
pub(crate) fn profiles() -> String {
    let text = std::fs::read_to_string(workspace().join("Cargo.toml")).unwrap();
    let mut table: toml::Table = text.parse().unwrap();
    table.retain(|key, _| key == "profile");
    table.to_string()
}

/// The compiler that built this test. A project outside of the workspace would get the default one, and with it compile
/// every package again.
pub(crate) fn toolchain() -> String {
    let text = std::fs::read_to_string(workspace().join("rust-toolchain.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    table["toolchain"]["channel"].as_str().unwrap().to_owned()
}

/// The commands of a block: a line, and those that a backslash, an open quote or an open document continue.
fn commands(text: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut open = String::new();
    for line in text.lines() {
        open += line;
        open.push('\n');
        let document = open.split("<<'").nth(1).and_then(|it| it.split('\'').next());
        let document_ends = document.is_none_or(|it| line == it);
        let quotes_end = document.is_some() || open.matches('\'').count().is_multiple_of(2);
        if line.ends_with('\\') || !document_ends || !quotes_end {
            continue;
        }
        let command = std::mem::take(&mut open);
        if !command.trim().is_empty() && !command.starts_with('#') {
            commands.push(command.trim_end().to_owned());
        }
    }
    assert!(open.is_empty(), "a command does not end: {open}");
    commands
}

fn line(command: &str, quoted: &str) -> String {
    let words = command.split(' ').skip_while(|it| it.contains('=') && !it.contains('\''));
    let words = words.collect::<Vec<_>>().join(" ");
    let tool = words.starts_with("cargo run -p cargo-measurand");
    if let Some((_, ready)) = SERVERS.iter().find(|(begin, _)| words.starts_with(begin) && !tool)
        && !["--help", "--version", "--hash-password"].iter().any(|it| words.contains(it))
    {
        let assignments = &command[..command.len() - words.len()];
        let env = if assignments.is_empty() { String::new() } else { "env ".to_owned() };
        let quoted = format!("'{env}{}'", command.replace('\'', r"'\''"));
        return format!("serve '{ready}' {quoted}");
    }
    if words == "./tests/run" {
        // It runs this test.
        return "grep -q ../tests/run \"$WORKSPACE/.ci/run\"".to_owned();
    }
    if RETRIED.iter().any(|it| words.starts_with(it)) {
        return format!("try {quoted}");
    }
    command.to_owned()
}

/// `MEASURAND_TEST_PAGE=own-alerts` runs the pages with that in their names, and `MEASURAND_TEST_SHOW=1` prints what they say.
#[test]
fn the_commands_of_every_page_work() {
    let wanted = std::env::var("MEASURAND_TEST_PAGE").unwrap_or_default();
    for it in PROGRAMS {
        let _built = program(it, it, "dev");
    }
    let mut pages = pages::tested();
    pages.retain(|page| page.name.contains(&wanted) && page.blocks.iter().any(|it| it.language == "sh"));
    assert!(!pages.is_empty(), "no page is called `{wanted}`");
    // Most pages wait for servers most of the time.
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(page) = pages.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let start = Instant::now();
                    let session = Session { page, folder: tempfile::tempdir().unwrap(), ports: BTreeMap::new() };
                    if let Err(said) = session.run() {
                        failed.lock().unwrap().push(format!("{}\n{said}", page.name));
                    }
                    println!("{}: {:.1} s", page.name, start.elapsed().as_secs_f64());
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

#[test]
fn a_block_is_split_into_commands() {
    let block = "a \\\n  b\n\n# comment\nc 'x\ny'\ncat <<'END' >f\n# it's\nEND\nd\n";
    assert_eq!(commands(block), ["a \\\n  b", "c 'x\ny'", "cat <<'END' >f\n# it's\nEND", "d"]);
    assert!(line("A=1 cargo run", "").starts_with("serve 'https?://' 'env A=1 cargo run'"));
}
