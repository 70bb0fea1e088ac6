//! Mistakes in a body are reported on the user's own lines, as without the attribute.

use measurand::measured;

#[measured]
fn used_after_move(text: String) -> usize {
    drop(text);
    text.len()
}

#[measured]
fn not_mutable(values: Vec<u32>) -> usize {
    values.push(1);
    values.len()
}

#[measured]
fn dangling() -> &'static str {
    let text = String::new();
    &text
}

#[measured]
fn too_short<'a>(left: &'a str, right: &str) -> &'a str {
    if left.is_empty() { right } else { left }
}

#[measured]
async fn used_after_move_later(text: String) -> usize {
    drop(text);
    text.len()
}

#[measured]
async fn dangling_later() -> &'static str {
    let text = String::new();
    std::future::ready(()).await;
    &text
}

#[measured]
fn moved_out(text: &String) -> String {
    *text
}

fn main() {
    used_after_move(String::new());
    not_mutable(Vec::new());
    dangling();
    too_short("", "");
    let _ = used_after_move_later(String::new());
    let _ = dangling_later();
    moved_out(&String::new());
}
