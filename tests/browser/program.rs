//! The programs whose pages are looked at; see `app.rs` and `app_many.rs` for what they do.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

/// The path of the program with few functions.
pub(crate) const SMALL: &str = env!("CARGO_BIN_EXE_browser-few");
/// The path of the program with a thousand.
pub(crate) const LARGE: &str = env!("CARGO_BIN_EXE_browser-many");

static FEW: LazyLock<Program> = LazyLock::new(|| Program::start(SMALL, 0));

/// The program that all tests share which do not stop it.
pub(crate) fn few() -> &'static Program {
    &FEW
}

#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    pub(crate) url: String,
}

impl Program {
    /// Starts one on a port, 0 for any. It ends with us, since it reads its input.
    pub(crate) fn start(path: &str, port: u16) -> Self {
        let mut child = Command::new(path)
            .env("MEASURAND_LISTEN", format!("127.0.0.1:{port}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it was built");
        let mut url = String::new();
        let output = child.stdout.take().expect("piped");
        BufReader::new(output).read_line(&mut url).expect("an address");
        Self { child, url: url.trim().to_owned() }
    }

    /// Has it do something, a line of words.
    pub(crate) fn tell(&self, what: &str) {
        let mut input = self.child.stdin.as_ref().expect("piped");
        writeln!(input, "{what}").expect("it reads");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}
