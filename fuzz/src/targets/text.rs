//! What holds of every message to people.

/// One line, without anything that a terminal would obey.
pub(crate) fn check_message(message: &str) {
    assert!(!message.is_empty(), "an error without words");
    assert!(!message.chars().any(char::is_control), "not one clean line: {message:?}");
}
