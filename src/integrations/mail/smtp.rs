//! Mail by SMTP.

use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{self, Mailbox, MultiPart, header::ContentType},
};

use super::{Attachment, Mail, Mailer};
use crate::app::App;

/// How long a server may take for one mail.
const PATIENCE: Duration = Duration::from_secs(10);

/// Delivers to one server, over a new connection for each mail.
#[derive(Debug)]
pub(super) struct Smtp {
    /// Absent if the settings cannot be used, which the reading of the settings refuses.
    transport: Option<AsyncSmtpTransport<Tokio1Executor>>,
    from: Option<Mailbox>,
}

impl Smtp {
    pub(super) fn new(url: &str, from: &str) -> Self {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).ok();
        Self {
            transport: transport.map(|transport| transport.timeout(Some(PATIENCE)).build()),
            from: from.parse().ok(),
        }
    }

    async fn hand_over(&self, mail: &Mail) -> anyhow::Result<()> {
        let (Some(transport), Some(from)) = (&self.transport, &self.from) else {
            anyhow::bail!("SMTP_URL or SKILLSWAP_MAIL_FROM cannot be used");
        };
        let to: Address = mail.to.parse()?;
        let message = Message::builder()
            .from(from.clone())
            .to(Mailbox::new(None, to))
            // The same at each try: servers and readers drop the repeat.
            .message_id(Some(format!("<{}@{}>", mail.id, from.email.domain())))
            .subject(mail.subject.as_str())
            .multipart(body(mail)?)?;
        // lettre's time-out is per command; a server that answers byte by byte would outlast it.
        tokio::time::timeout(3 * PATIENCE, transport.send(message)).await??;
        Ok(())
    }
}

/// The text in both forms, with the attachment beside it if there is one.
fn body(mail: &Mail) -> anyhow::Result<MultiPart> {
    let text = MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone());
    let Some(Attachment { name, mime, bytes }) = &mail.attachment else { return Ok(text) };
    let file = message::Attachment::new(name.clone()).body(bytes.to_vec(), ContentType::parse(mime)?);
    Ok(MultiPart::mixed().multipart(text).singlepart(file))
}

impl Mailer for Smtp {
    fn deliver<'a>(&'a self, _: &'a App, mail: &'a Mail) -> BoxFuture<'a, anyhow::Result<()>> {
        self.hand_over(mail).boxed()
    }
}

/// Whether an address of a server can be used.
pub(crate) fn is_url(url: &str) -> bool {
    AsyncSmtpTransport::<Tokio1Executor>::from_url(url).is_ok()
}

/// Whether a sender such as `SkillSwap <no-reply@example.org>` can be used.
pub(crate) fn is_sender(from: &str) -> bool {
    from.parse::<Mailbox>().is_ok()
}
