//! The letters' texts, in `templates/<language>/<name>.txt`: the subject on the first line, then paragraphs between empty
//! lines, with `{placeholders}`. A paragraph that is `{link}` alone becomes a button in HTML; values are escaped there.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Mail;
use crate::html::escape;

const LAYOUT: &str = include_str!("templates/layout.html");

/// A language that the letters are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    /// English, also for everybody whose languages we do not write.
    #[default]
    #[serde(rename = "en")]
    English,
    /// German.
    #[serde(rename = "de")]
    German,
}

impl Language {
    /// The first of a member's languages (BCP 47 tags, best first) that the letters are written in.
    #[must_use]
    pub fn best<T: AsRef<str>>(tags: &[T]) -> Self {
        let known = |tag: &T| match tag.as_ref().split('-').next().unwrap_or_default() {
            word if word.eq_ignore_ascii_case("en") => Some(Self::English),
            word if word.eq_ignore_ascii_case("de") => Some(Self::German),
            _ => None,
        };
        tags.iter().find_map(known).unwrap_or_default()
    }

    const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }
}

macro_rules! templates {
    ($($(#[$doc:meta])* $name:ident = $file:literal;)+) => {
        /// What a letter says.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Template { $($(#[$doc])* #[serde(rename = $file)] $name),+ }

        impl Template {
            /// Every template.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its name, which is also the file's.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $file),+ }
            }

            const fn source(self, language: Language) -> &'static str {
                match (self, language) {
                    $(
                        (Self::$name, Language::English) => include_str!(concat!("templates/en/", $file, ".txt")),
                        (Self::$name, Language::German) => include_str!(concat!("templates/de/", $file, ".txt")),
                    )+
                }
            }
        }
    };
}

templates! {
    /// To a new member: prove the address.
    VerifyEmail = "verify_email";
    /// To the owner of an address that somebody tried to register or to change to.
    AddressTaken = "address_taken";
    /// To a member who forgot the password.
    ResetPassword = "reset_password";
    /// The password was changed.
    PasswordChanged = "password_changed";
    /// To a member's new address: prove it.
    ConfirmEmail = "confirm_email";
    /// To a member's old address: a change was asked for.
    EmailChangeRequested = "email_change_requested";
    /// To both addresses: the change was made.
    EmailChanged = "email_changed";
    /// To a buyer: the invoice of a payment, attached.
    Invoice = "invoice";
    /// To a buyer: the credit note of a refund, attached.
    CreditNote = "credit_note";
}

/// Writes a letter out.
#[must_use]
pub fn write(
    id: Uuid,
    to: String,
    language: Language,
    template: Template,
    values: &BTreeMap<String, String>,
) -> Mail {
    let source = template.source(language);
    let (subject, body) = source.split_once('\n').unwrap_or((source, ""));
    let subject = fill(subject, values, str::to_owned);
    let paragraphs = || body.trim().split("\n\n");
    let text: Vec<String> = paragraphs().map(|paragraph| fill(paragraph, values, str::to_owned)).collect();
    let html: String = paragraphs().map(|paragraph| as_html(paragraph, values, &subject)).collect();
    let around = BTreeMap::from([("language", language.tag().to_owned()), ("subject", escape(&subject))]);
    let layout = around
        .iter()
        .fold(LAYOUT.to_owned(), |layout, (name, value)| layout.replace(&format!("{{{name}}}"), value));
    Mail {
        id,
        to,
        subject,
        text: text.join("\n\n") + "\n",
        html: layout.replace("{body}", &html),
        attachment: None,
    }
}

fn as_html(paragraph: &str, values: &BTreeMap<String, String>, label: &str) -> String {
    if paragraph.trim() == "{link}" {
        let link = fill(paragraph.trim(), values, escape);
        return format!(
            "<p><a class=\"button\" href=\"{link}\">{}</a></p>\n<p class=\"soft\">{link}</p>\n",
            escape(label)
        );
    }
    format!("<p>{}</p>\n", fill(&escape(paragraph), values, escape))
}

/// Puts values in; each on one line, so that none can begin a header or a paragraph of its own.
fn fill(text: &str, values: &BTreeMap<String, String>, form: impl Fn(&str) -> String) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, tail)) = after.split_once('}') else { break };
        filled.push_str(before);
        let value = values.get(name).map(String::as_str).unwrap_or_default();
        filled.push_str(&form(&value.split_whitespace().collect::<Vec<_>>().join(" ")));
        rest = tail;
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> BTreeMap<String, String> {
        ["name", "link", "token", "email", "old_email", "new_email", "number", "amount"]
            .map(|name| (name.to_owned(), format!("<{name}>\nX: y")))
            .into()
    }

    #[test]
    fn every_letter_is_whole_in_every_language_and_values_are_escaped() {
        for &template in Template::ALL {
            for language in [Language::English, Language::German] {
                let mail = write(Uuid::nil(), "ada@example.org".to_owned(), language, template, &values());
                let name = template.as_str();
                assert!(!mail.subject.is_empty() && !mail.subject.contains('\n'), "{name}");
                for text in [&mail.subject, &mail.text] {
                    assert!(!text.contains('{'), "{name}: {text}");
                }
                assert!(mail.html.contains(&format!("<html lang=\"{}\">", language.tag())), "{name}");
                assert!(!mail.html.contains("<link>") && !mail.html.contains("{body}"), "{name}");
                for (placeholder, value) in values() {
                    if template.source(language).contains(&format!("{{{placeholder}}}")) {
                        let line = value.replace('\n', " ");
                        assert!(mail.text.contains(&line), "{name} lacks {placeholder}");
                        assert!(mail.html.contains(&escape(&line)), "{name} lacks {placeholder}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_first_known_language_wins_and_english_is_the_fallback() {
        assert_eq!(Language::best(&["pt", "de-AT", "en"]), Language::German);
        assert_eq!(Language::best(&["EN-gb", "de"]), Language::English);
        assert_eq!(Language::best(&["ja"]), Language::English);
        assert_eq!(Language::best::<&str>(&[]), Language::English);
    }
}
