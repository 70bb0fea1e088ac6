//! The interactive table on the whole terminal.

use super::answers::{model, numbers};
use super::rows::{Order, View};
use crate::output::{painted, seen};
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers, poll, read};
use crossterm::execute;
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode, size,
};
use measurand_catalog::visible;
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// Time between two requests to the program.
const REFRESH: Duration = Duration::from_secs(2);

/// A guard that restores the terminal when it is dropped.
struct Screen;

/// The action that a key selects.
enum Action {
    Quit,
    Sort(Order),
    Redraw,
}

pub(super) fn run(url: &str, mut view: View, mut order: Order) -> io::Result<()> {
    let _screen = Screen::enter()?;
    let mut trouble = None;
    loop {
        draw(&view, order, trouble.as_deref())?;
        let asked = Instant::now();
        loop {
            match next_action(REFRESH.saturating_sub(asked.elapsed()), order)? {
                None => break,
                Some(Action::Quit) => return Ok(()),
                Some(Action::Sort(selected)) => order = selected,
                Some(Action::Redraw) => (),
            }
            draw(&view, order, trouble.as_deref())?;
        }
        trouble = renew(url, &mut view).err();
    }
}

/// Reads newer numbers. After a restart of the program it reads the functions again too, since they may have changed.
fn renew(url: &str, view: &mut View) -> Result<(), String> {
    if !view.renew(numbers(url)?) {
        *view = View::new(model(url)?, numbers(url)?);
    }
    Ok(())
}

impl Screen {
    fn enter() -> io::Result<Self> {
        enable_raw_mode()?;
        let screen = Self;
        execute!(io::stdout(), EnterAlternateScreen, Hide)?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // If the terminal is gone, there is nothing to restore.
        let _ = execute!(io::stdout(), Show, LeaveAlternateScreen);
        let _ = disable_raw_mode();
    }
}

/// The action of the next key or resize. Returns `None` if there is none within the timeout.
fn next_action(timeout: Duration, order: Order) -> io::Result<Option<Action>> {
    if !poll(timeout)? {
        return Ok(None);
    }
    let Event::Key(key) = read()? else { return Ok(Some(Action::Redraw)) };
    let action = match key.code {
        _ if key.kind == KeyEventKind::Release => Action::Redraw,
        KeyCode::Esc | KeyCode::Char('q') => Action::Quit,
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Action::Quit,
        KeyCode::Char(it) => order.key(it).map_or(Action::Redraw, Action::Sort),
        _ => Action::Redraw,
    };
    Ok(Some(action))
}

/// Draws the lines that fit on the terminal, each cut to its width.
fn draw(view: &View, order: Order, trouble: Option<&str>) -> io::Result<()> {
    let (width, height) = size()?;
    let mut text = seen(&view.text(order));
    if let Some(trouble) = trouble {
        text = format!("{}\n{text}", painted(&visible(trouble), "1;31"));
    }
    let keys = "q quit; sort by: n name, c calls, r rate, e share, 5 9 p P50 P95 P99, i in flight, b budget";
    let mut stdout = io::stdout().lock();
    execute!(stdout, MoveTo(0, 0), Clear(ClearType::All))?;
    let room = usize::from(height.saturating_sub(1));
    for line in text.lines().take(room) {
        write!(stdout, "{}\r\n", cut(line, usize::from(width)))?;
    }
    write!(stdout, "{}", cut(keys, usize::from(width)))?;
    stdout.flush()
}

/// The first `width` characters. Colour sequences do not count and are all kept.
fn cut(line: &str, width: usize) -> String {
    let (mut out, mut seen, mut in_colour) = (String::new(), 0, false);
    for character in line.chars() {
        match character {
            '\u{1b}' => in_colour = true,
            'm' if in_colour => {
                in_colour = false;
                out.push(character);
                continue;
            }
            _ if !in_colour => seen += 1,
            _ => (),
        }
        if in_colour || seen <= width {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn a_line_is_cut_and_its_colour_is_reset() {
        assert_eq!(cut("abcdef", 3), "abc");
        assert_eq!(cut("\u{1b}[1mabcdef\u{1b}[0m", 3), "\u{1b}[1mabc\u{1b}[0m");
        assert_eq!(cut("", 3), "");
    }
}
