//! The page itself: HTML without any script, so that the strictest policy lets it work.

use std::fmt::Write;

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::Url;
use sha2::{Digest, Sha256};

use crate::{
    html::escape,
    integrations::{
        payments::sandbox::checkout::{CheckoutRow, CheckoutStatus},
        payouts::sandbox::books::{AccountRow, AccountStatus, Behaviour},
    },
};

const STYLE: &str = include_str!("page.css");

/// What the page shows.
pub(super) struct Page {
    title: String,
    body: String,
    back: Option<Url>,
}

impl Page {
    /// A checkout, open or decided.
    pub(super) fn of(checkout: &CheckoutRow, back: Option<Url>) -> Self {
        let (title, price) = (escape(&checkout.title), escape(&checkout.price));
        let mut body = format!("<h1>{title}</h1>\n<p class=\"price\">{price}</p>\n");
        let nothing = "Nothing was charged. Begin again in the shop.";
        body.push_str(&match checkout.status {
            CheckoutStatus::Open => choices(&checkout.id),
            CheckoutStatus::Paid => result("Paid", "The shop is told right now."),
            CheckoutStatus::Failed => result("The payment failed", nothing),
            CheckoutStatus::Abandoned => result("You left the payment", nothing),
        });
        if let Some(back) = back.as_ref().filter(|_| checkout.status != CheckoutStatus::Open) {
            writeln!(body, "<a class=\"button\" href=\"{}\">Back to the shop</a>", escape(back.as_str()))
                .ok();
        }
        Self { title: format!("{title} – {price}"), body, back }
    }

    /// A payout account: what is thought of it, and what it does with payouts.
    pub(super) fn of_account(account: &AccountRow, back: Option<Url>) -> Self {
        let (title, state) = match (account.status, account.behaviour) {
            (AccountStatus::Pending, _) => ("Who are you?", "Nothing is proven yet: nothing is paid out."),
            (AccountStatus::Restricted, _) => ("Your account is restricted", "Nothing is paid out."),
            (AccountStatus::Verified, Behaviour::Pays) => ("You are verified", "Payouts arrive."),
            (AccountStatus::Verified, Behaviour::Fails) => {
                ("You are verified", "Payouts leave, and the bank sends them back.")
            }
            (AccountStatus::Verified, Behaviour::Refuses) => ("You are verified", "Payouts are refused."),
            (AccountStatus::Verified, Behaviour::LosesReplies) => {
                ("You are verified", "Payouts arrive, but the first answer about each is lost.")
            }
        };
        let mut body = format!("<h1>{title}</h1>\n<p role=\"status\">{state}</p>\n");
        body.push_str(&forms(
            &account.id,
            "Choose what the provider of payouts shall think and do.",
            &[
                ("verify", "go", "Verify me"),
                ("restrict", "bad", "Restrict me"),
                ("fail", "", "Verify me, and let payouts fail later"),
                ("refuse", "", "Verify me, and refuse payouts"),
                ("lose", "", "Verify me, and lose the answers about payouts"),
            ],
        ));
        if let Some(back) = &back {
            writeln!(body, "<a class=\"button\" href=\"{}\">Back to the shop</a>", escape(back.as_str()))
                .ok();
        }
        Self { title: title.to_owned(), body, back }
    }

    /// No checkout has this id.
    pub(super) fn unknown() -> Self {
        Self::message(
            "There is no such checkout",
            "The address is not complete, or the checkout is gone. Begin again in the shop.",
        )
    }

    /// It cannot be told.
    pub(super) fn unavailable() -> Self {
        Self::message("Try again in a moment", "The checkout cannot be shown right now. Nothing was charged.")
    }

    fn message(title: &str, text: &str) -> Self {
        Self {
            title: title.to_owned(),
            body: format!("<h1>{title}</h1>\n<p class=\"soft\">{text}</p>\n"),
            back: None,
        }
    }

    /// What the page may do: show its own style, and send its forms here. A browser holds a form to the policy also where
    /// its answer redirects to, so the shop's origin is named too.
    pub(super) fn policy(&self) -> String {
        let style = STANDARD.encode(Sha256::digest(STYLE));
        let shop = self
            .back
            .as_ref()
            .map(|back| format!(" {}", back.origin().ascii_serialization()))
            .unwrap_or_default();
        format!(
            "default-src 'none'; img-src data:; style-src 'sha256-{style}'; form-action 'self'{shop}; base-uri 'none'; frame-ancestors 'none'"
        )
    }

    pub(super) fn html(&self) -> String {
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"robots\" content=\"noindex\">\n<link rel=\"icon\" href=\"data:,\">\n<title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n\
             <p class=\"mark\">Sandbox – no real money</p>\n{}</main>\n</body>\n</html>\n",
            self.title, self.body
        )
    }
}

fn choices(id: &str) -> String {
    let decisions = [
        ("pay", "go", "Pay"),
        ("fail", "bad", "Let the payment fail"),
        ("abandon", "", "Leave without paying"),
    ];
    forms(id, "Choose what the payment provider shall answer.", &decisions)
}

/// One form per decision: its word, its look and its label.
fn forms(id: &str, invitation: &str, decisions: &[(&str, &str, &str)]) -> String {
    let mut html = format!("<p class=\"soft\">{invitation}</p>\n");
    for (word, class, label) in decisions {
        let id = escape(id);
        writeln!(
            html,
            "<form method=\"post\" action=\"{id}/{word}\"><button class=\"{class}\" type=\"submit\">{label}</button></form>"
        )
        .ok();
    }
    html
}

fn result(title: &str, text: &str) -> String {
    format!("<p role=\"status\"><strong>{title}.</strong> {text}</p>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_shown_can_become_markup() {
        assert_eq!(escape("<a href='x'>\"&\"</a>"), "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;&lt;/a&gt;");
    }

    #[test]
    fn the_style_fits_the_policy() {
        let page = Page::unknown();
        assert!(page.html().contains(&format!("<style>{STYLE}</style>")));
        assert!(page.policy().contains(&STANDARD.encode(Sha256::digest(STYLE))));
    }
}
