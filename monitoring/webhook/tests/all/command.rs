//! Tests of the command line: help, environment variables and errors.

use crate::support::{Webhook, command, database, file, firing, payload};
#[cfg(unix)]
use measurand_tests::wait;
use std::path::Path;

/// Runs the program in the folder until it fails. Returns its error message.
fn fails(directory: &Path, arguments: &[&str]) -> String {
    let mut command = command();
    if !arguments.contains(&"--listen") {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    let output = command.args(arguments).current_dir(directory).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && output.stdout.is_empty(), "{arguments:?}: {error}");
    error
}

#[test]
fn errors_contain_help() {
    let directory = tempfile::tempdir().unwrap();
    let check = |arguments: &[&str], says: &[&str]| {
        let error = fails(directory.path(), arguments);
        assert!(error.starts_with("error: ") && error.lines().count() == 1, "{arguments:?}: {error}");
        for text in says {
            assert!(error.contains(text), "{arguments:?}: not `{text}` but {error}");
        }
    };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let held = listener.local_addr().unwrap().to_string();
    check(&["--listen", &held], &[&held, "is in use by another program", "help: ", "--listen"]);
    check(&["--listen", "nowhere"], &["cannot listen on `nowhere`", "host:port"]);
    check(&["--listen", "127.0.0.1:99999"], &["cannot listen on", "host:port"]);
    check(&["--token-file", "missing"], &["cannot read the tokens in `missing`", "a file that can be read"]);
    check(&["--users-file", "."], &["cannot read the users in `.`"]);
    check(&["--database", "no/such/folder/alerts.db"], &["`no/such/folder/alerts.db`", "--database"]);
    check(&["--database", "/proc/alerts.db"], &["cannot use the database", "--database"]);
    check(&["--database", "."], &["cannot use the database", "--database"]);
    file(
        &directory,
        "text",
        "this is not a database, but longer than the header of one, which has a hundred bytes of other contents",
    );
    check(&["--database", "text"], &["cannot use the database `text`", "not a database"]);
    rusqlite::Connection::open(directory.path().join("other")).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    check(&["--database", "other"], &["it is the database of another program"]);
    check(&["--tls-certificate", "a.pem"], &["help: add `--tls-key`"]);
    check(&["--tls-key", "a.pem"], &["help: add `--tls-certificate`"]);
    check(&["--tls-certificate", "a.pem", "--tls-key", "a.key"], &["cannot use the certificate in `a.pem`", "PEM"]);
    check(&["--tls-certificate", "text", "--tls-key", "text"], &["cannot use the certificate in `text`"]);
    check(&["--forward", "next.example"], &["`next.example` is not an address to forward to", "--forward https://"]);
    check(&["--forward", "ftp://ann:secret@next"], &["`next` is not an address to forward to"]);
    check(
        &["--forward", "http://a/", "--forward-token-file", "missing"],
        &["the token of the next hop is missing: cannot read `missing`", "name a file that you may read"],
    );
    check(&["--forward", "http://a/", "--forward-ca-file", "text"], &["`text`", "--forward-ca-file"]);
    check(&["--forward-token-file", "text"], &["help: add `--forward`"]);
}

#[test]
fn a_database_has_one_server_and_a_version() {
    let webhook = Webhook::start(&[]);
    let error = fails(webhook.directory.path(), &[]);
    assert!(error.contains("in use by another measurand-webhook"), "{error}");
    let directory = webhook.kill();
    database(&directory).pragma_update(None, "user_version", 99).unwrap();
    let error = fails(directory.path(), &[]);
    assert!(error.contains("created by a newer version"), "{error}");
}

/// Links and other paths to the database are detected.
#[cfg(unix)]
#[test]
fn a_database_has_one_server_by_all_of_its_names() {
    let webhook = Webhook::start(&[]);
    let folder = webhook.directory.path();
    std::fs::create_dir(folder.join("other")).unwrap();
    std::os::unix::fs::symlink("alerts.db", folder.join("link.db")).unwrap();
    std::os::unix::fs::symlink("..", folder.join("other/folder")).unwrap();
    std::fs::hard_link(folder.join("alerts.db"), folder.join("hard.db")).unwrap();
    for name in ["link.db", "other/folder/alerts.db", "./other/../alerts.db", "hard.db"] {
        let error = fails(folder, &["--database", name]);
        assert!(error.contains("in use by another measurand-webhook"), "{name}: {error}");
    }
    std::fs::remove_file(folder.join("hard.db")).unwrap();
    std::fs::rename(folder.join("alerts.db"), folder.join("renamed.db")).unwrap();
    let error = fails(folder, &["--database", "renamed.db"]);
    assert!(error.contains("in use by another measurand-webhook"), "{error}");
    std::fs::rename(folder.join("renamed.db"), folder.join("alerts.db")).unwrap();
    // The acknowledged alert is in the write-ahead log, which SQLite would not find by another name.
    webhook.post(&payload(&[firing(1)]));
    let directory = webhook.kill();
    std::fs::hard_link(directory.path().join("alerts.db"), directory.path().join("hard.db")).unwrap();
    let error = fails(directory.path(), &["--database", "hard.db"]);
    assert!(error.contains("has 2 names (hard links)") && error.contains("remove the others"), "{error}");
    std::fs::remove_file(directory.path().join("hard.db")).unwrap();
    assert_eq!(Webhook::start_in(directory, &["--database", "link.db"]).total(), 1);
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_refused_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let pipe = |name: &str| {
        assert!(std::process::Command::new("mkfifo").arg(path.join(name)).status().unwrap().success());
    };
    ["pipe", "a.db-wal", "b.db-shm", "c.db-journal"].into_iter().for_each(pipe);
    for database in ["pipe", "a.db", "b.db", "c.db", "/dev/zero"] {
        let error = fails(path, &["--database", database]);
        assert!(error.contains("is not a regular file") && error.contains("--database"), "{database}: {error}");
    }
    let forward = ["--forward", "http://127.0.0.1:9/", "--forward-token-file", "pipe"];
    for arguments in
        [&["--token-file", "pipe"] as &[&str], &["--users-file", "pipe"], &["--web-config-file", "pipe"], &forward]
    {
        let error = fails(path, arguments);
        assert!(error.contains("not a regular file") || error.contains("is a pipe"), "{arguments:?}: {error}");
    }
}

/// File names with control characters.
#[cfg(unix)]
#[test]
fn the_log_is_without_escapes() {
    const EVIL: &str = "a\u{1b}[2J\u{9b}2J\r\u{202e}\u{200b}b";
    const SHOWN: &str = r"a\u{1b}[2J\u{9b}2J \u{202e}\u{200b}b";
    let directory = tempfile::tempdir().unwrap();
    let check = |said: &str| {
        assert!(said.contains(SHOWN), "{said:?}");
        assert!(!said.contains(['\u{1b}', '\u{9b}', '\r', '\u{202e}', '\u{200b}']), "{said:?}");
    };
    for option in ["--token-file", "--users-file", "--web-config-file", "--listen"] {
        check(&fails(directory.path(), &[option, EVIL]));
    }
    check(&fails(directory.path(), &["--database", &format!("{EVIL}/alerts.db")]));
    check(&fails(directory.path(), &["--forward", EVIL]));
    let tokens = file(&directory, EVIL, "0123456789abcdef");
    let webhook = Webhook::start_in(directory, &["--token-file", tokens.to_str().unwrap()]);
    std::fs::remove_file(tokens).unwrap();
    webhook.signal("HUP");
    wait("a line in the log", || webhook.log().contains("kept the previous").then_some(()));
    check(&webhook.log());
}

#[test]
fn help_has_examples_and_variables() {
    let output = command().arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let options: Vec<&str> =
        help.lines().map(str::trim).filter(|it| it.starts_with("--") && it.contains('<')).collect();
    assert!(options.len() >= 17, "{options:?}");
    for option in options {
        let name = option.split_whitespace().next().unwrap().trim_start_matches("--");
        let variable = format!("MEASURAND_WEBHOOK_{}", name.replace('-', "_").to_uppercase());
        assert!(words.contains(&format!("[env: {variable}=]")), "{variable}: {help}");
    }
    assert!(help.contains("Examples:") && help.contains("webhook_configs:"), "{help}");
    let wrong = command().args(["--keep-days", "0"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("--keep-days"));
}

#[test]
fn variables_are_used_and_empty_ones_ignored() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = command();
    command
        .env("MEASURAND_WEBHOOK_LISTEN", "127.0.0.1:0")
        .env("MEASURAND_WEBHOOK_DATABASE", "other-name.db")
        .env("MEASURAND_WEBHOOK_TOKEN_FILE", "")
        .env("MEASURAND_WEBHOOK_FORWARD", "");
    let webhook = Webhook::run(directory, &mut command);
    assert_eq!(webhook.post(&payload(&[firing(1)])).status, 200);
    assert!(webhook.directory.path().join("other-name.db").exists());
    assert_eq!(webhook.log(), "", "no warning on loopback");
}

#[test]
fn listening_on_all_addresses_is_warned_about() {
    let webhook = Webhook::start(&["--listen", "0.0.0.0:0"]);
    assert!(webhook.log().contains("warning: 0.0.0.0:") && webhook.log().contains("--token-file"), "{}", webhook.log());
    let directory = tempfile::tempdir().unwrap();
    let tokens = file(&directory, "tokens", "0123456789abcdef");
    let webhook = Webhook::start(&["--listen", "0.0.0.0:0", "--token-file", tokens.to_str().unwrap()]);
    let log = webhook.log();
    assert!(log.contains("as plain text") && log.lines().count() == 1, "{log}");
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_database() {
    use std::os::unix::fs::PermissionsExt;
    let webhook = Webhook::start(&[]);
    webhook.post(&payload(&[firing(1)]));
    for name in ["alerts.db", "alerts.db-wal"] {
        let mode = std::fs::metadata(webhook.directory.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}");
    }
}
