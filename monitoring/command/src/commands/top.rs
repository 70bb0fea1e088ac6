//! `cargo measurand top`: shows the numbers of the live page as a table in the terminal.

mod answers;
mod rows;
mod screen;

use crate::cli::{Format, Top};
use crate::outcome::Outcome;
use crate::output;
use answers::{model, numbers};
use rows::{Order, View};
use std::io::IsTerminal;

pub(super) fn top(arguments: &Top) -> Result<Outcome, String> {
    let order = Order::new(arguments.sort);
    let view = View::new(model(&arguments.url)?, numbers(&arguments.url)?);
    if arguments.once || arguments.format == Format::Json || !std::io::stdout().is_terminal() {
        output::print(&match arguments.format {
            Format::Text => view.text(order),
            Format::Json => output::json(&view.report(order)),
        })?;
    } else {
        screen::run(&arguments.url, view, order)
            .map_err(|it| format!("cannot use the terminal: {it}; help: use `--once`"))?;
    }
    Ok(Outcome::Fine)
}
