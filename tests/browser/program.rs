//! Starts the programs in `app.rs` and `app_many.rs`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

/// The path of the program with few functions.
pub(crate) const SMALL: &str = env!("CARGO_BIN_EXE_browser-few");
/// The path of the program with a thousand functions.
pub(crate) const LARGE: &str = env!("CARGO_BIN_EXE_browser-many");

static FEW: LazyLock<Program> = LazyLock::new(|| Program::start(SMALL, 0));

/// The program with few functions, shared by all tests that do not stop it.
pub(crate) fn few() -> &'static Program {
    &FEW
}

#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    pub(crate) url: String,
}

impl Program {
    /// Starts a program on a port; 0 for any free port. It exits when its standard input closes, also if the test is
    /// killed.
    pub(crate) fn start(path: &str, port: u16) -> Self {
        let mut child = Command::new(path)
            .env("MEASURAND_LISTEN", format!("127.0.0.1:{port}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Cargo has built the program");
        let mut url = String::new();
        let output = child.stdout.take().expect("piped");
        BufReader::new(output).read_line(&mut url).expect("an address");
        Self { child, url: url.trim().to_owned() }
    }

    /// Sends a command to the program.
    pub(crate) fn tell(&self, what: &str) {
        let mut input = self.child.stdin.as_ref().expect("piped");
        writeln!(input, "{what}").expect("the program reads its input");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}
