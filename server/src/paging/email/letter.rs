//! A letter: the message as MIME, with its plain text, its HTML and the chart within.
//!
//! It must never hold anything that isn't in the message: no picture from elsewhere, no script.

use crate::paging::channel::{Outgoing, SendError};
use crate::paging::text::PICTURE_ID;
use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use std::time::SystemTime;

/// Writes the letter. Its Message-ID is our reference, so that a mail program shows a repeat only once.
pub(super) fn write(message: &Outgoing, from: &Mailbox) -> Result<Message, SendError> {
    let to = message.address.parse::<lettre::Address>();
    let to = to.map_err(|_| SendError::Permanent { is_contact: true, why: "the address is no e-mail address".to_owned() })?;
    let mut html = MultiPart::related().singlepart(SinglePart::html(message.texts.html.clone()));
    if let Some(picture) = &message.picture {
        let kind = ContentType::parse("image/png").map_err(|error| unwritable(&error))?;
        html = html.singlepart(Attachment::new_inline(PICTURE_ID.to_owned()).body(picture.clone(), kind));
    }
    let body = MultiPart::alternative().singlepart(SinglePart::plain(message.texts.text.clone())).multipart(html);
    let letter = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(message.texts.subject.clone())
        .date(SystemTime::from(message.now))
        .message_id(Some(format!("<{}@{}>", message.reference, from.email.domain())))
        .multipart(body);
    let mut letter = letter.map_err(|error| unwritable(&error))?;
    // RFC 3834: no out-of-office reply is wanted.
    let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
    letter.headers_mut().insert_raw(HeaderValue::new(automatic, "auto-generated".to_owned()));
    Ok(letter)
}

/// The letter as it follows DATA: a full stop that begins a line is doubled, and one alone ends it (RFC 5321, 4.5.2).
pub(super) fn data(letter: &Message) -> String {
    // A letter is ASCII: its parts and headers are encoded.
    let text = String::from_utf8_lossy(&letter.formatted()).replace("\r\n.", "\r\n..");
    let start = if text.starts_with('.') { "." } else { "" };
    let end = if text.ends_with("\r\n") { "" } else { "\r\n" };
    format!("{start}{text}{end}.\r\n")
}

fn unwritable(error: &dyn std::error::Error) -> SendError {
    SendError::Permanent { is_contact: false, why: format!("the letter can't be written: {error}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paging::text::Texts;

    #[test]
    fn a_full_stop_that_begins_a_line_does_not_end_the_letter() {
        let texts = Texts { text: "one\n.\n..two\n".to_owned(), ..Texts::default() };
        let address = "an@cantho.example".to_owned();
        let message = Outgoing { reference: "r".to_owned(), address, texts, picture: None, now: jiff::Timestamp::UNIX_EPOCH };
        let data = data(&write(&message, &"truc@cantho.example".parse().unwrap()).unwrap());
        assert!(data.contains("one\r\n..\r\n...two\r\n") && data.ends_with("\r\n.\r\n"), "{data}");
        assert_eq!(data.matches("\r\n.\r\n").count(), 1);
    }
}
