//! The table on the whole terminal, until somebody has seen enough.

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

/// Between two looks at the program.
const REFRESH: Duration = Duration::from_secs(2);

/// The terminal as somebody else will want it back.
struct Screen;

/// What a key asks for.
enum Wish {
    End,
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
            match wish(REFRESH.saturating_sub(asked.elapsed()), order)? {
                None => break,
                Some(Wish::End) => return Ok(()),
                Some(Wish::Sort(wanted)) => order = wanted,
                Some(Wish::Redraw) => (),
            }
            draw(&view, order, trouble.as_deref())?;
        }
        trouble = renew(url, &mut view).err();
    }
}

/// Newer numbers; of another process, which may have other functions, all of it.
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
        // Nobody is left to tell when the terminal is gone.
        let _ = execute!(io::stdout(), Show, LeaveAlternateScreen);
        let _ = disable_raw_mode();
    }
}

/// What is wished for within this time.
fn wish(patience: Duration, order: Order) -> io::Result<Option<Wish>> {
    if !poll(patience)? {
        return Ok(None);
    }
    let Event::Key(key) = read()? else { return Ok(Some(Wish::Redraw)) };
    let wish = match key.code {
        _ if key.kind == KeyEventKind::Release => Wish::Redraw,
        KeyCode::Esc | KeyCode::Char('q') => Wish::End,
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Wish::End,
        KeyCode::Char(it) => order.key(it).map_or(Wish::Redraw, Wish::Sort),
        _ => Wish::Redraw,
    };
    Ok(Some(wish))
}

/// As many lines as there is room for, each cut where the terminal ends.
fn draw(view: &View, order: Order, trouble: Option<&str>) -> io::Result<()> {
    let (width, height) = size()?;
    let mut text = seen(&view.text(order));
    if let Some(trouble) = trouble {
        text = format!("{}\n{text}", painted(&visible(trouble), "1;31"));
    }
    let keys = "q ends; sort: n name, c calls, r rate, e share, 5 9 p P50 P95 P99, i in flight, b budget";
    let mut stdout = io::stdout().lock();
    execute!(stdout, MoveTo(0, 0), Clear(ClearType::All))?;
    let room = usize::from(height.saturating_sub(1));
    for line in text.lines().take(room) {
        write!(stdout, "{}\r\n", cut(line, usize::from(width)))?;
    }
    write!(stdout, "{}", cut(keys, usize::from(width)))?;
    stdout.flush()
}

/// The first so many characters, not counting those that give colours.
fn cut(line: &str, width: usize) -> String {
    let (mut out, mut seen, mut in_colour) = (String::new(), 0, false);
    for it in line.chars() {
        match it {
            '\u{1b}' => in_colour = true,
            'm' if in_colour => {
                in_colour = false;
                out.push(it);
                continue;
            }
            _ if !in_colour => seen += 1,
            _ => (),
        }
        if in_colour || seen <= width {
            out.push(it);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn a_line_is_cut_but_its_colour_ends() {
        assert_eq!(cut("abcdef", 3), "abc");
        assert_eq!(cut("\u{1b}[1mabcdef\u{1b}[0m", 3), "\u{1b}[1mabc\u{1b}[0m");
        assert_eq!(cut("", 3), "");
    }
}
