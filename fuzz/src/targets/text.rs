//! A check for error messages.

/// Checks that a message is one line without control characters.
pub(crate) fn check_message(message: &str) {
    assert!(!message.is_empty(), "an empty error message");
    assert!(!message.chars().any(char::is_control), "a control character in {message:?}");
}
