//! Sending mail by SMTP: one message at a time, while somebody waits for it.
//!
//! Nothing is queued: what could not be sent is said at once, to whoever can do it in another way. A
//! message holds what must not be stored, the secret of a link.

use std::time::Duration;

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    address::AddressError,
    message::{Mailbox, header::ContentType},
};
use secrecy::{ExposeSecret, SecretString};

/// How long a message may take, from connecting to the server's last word.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends messages in the site's name, where it has a server for them.
#[derive(Clone, Debug, Default)]
pub struct Mailer(Option<Way>);

#[derive(Clone, Debug)]
struct Way {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// Why the settings name no server that mail could go to.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error("mail.from is not an address: {0}")]
    From(#[from] AddressError),
    #[error("mail.smtp_url is not the address of a mail server: {0}")]
    Url(#[from] lettre::transport::smtp::Error),
}

/// Why a message was not sent.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    #[error("the address is none that mail can go to")]
    Address(#[from] AddressError),
    #[error("the message could not be written")]
    Message(#[from] lettre::error::Error),
    #[error("the mail server did not answer within {} seconds", PATIENCE.as_secs())]
    Late,
    #[error("the mail server refused it: {0}")]
    Refused(#[from] lettre::transport::smtp::Error),
}

impl Mailer {
    /// Sends by the server at `url`, in the name of `from`: `Name <name@example.com>`.
    pub fn new(url: &SecretString, from: &str) -> Result<Self, MailError> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret())?;
        let transport = builder.timeout(Some(PATIENCE)).build();
        Ok(Self(Some(Way { transport, from: from.parse()? })))
    }

    pub const fn can_send(&self) -> bool {
        self.0.is_some()
    }

    /// Sends a message of plain text; `Ok(false)` where there is no server for it.
    pub async fn send(&self, to: &str, subject: &str, text: String) -> Result<bool, NotSent> {
        let Some(way) = &self.0 else { return Ok(false) };
        let message = Message::builder()
            .from(way.from.clone())
            .to(Mailbox::new(None, to.parse()?))
            .subject(subject)
            .header(ContentType::TEXT_PLAIN)
            .body(text)?;
        let sent = tokio::time::timeout(PATIENCE, way.transport.send(message)).await;
        sent.map_err(|_late| NotSent::Late)??;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_name_no_server_or_sender_are_refused() {
        let mailer = |url: &str, from| Mailer::new(&url.to_owned().into(), from);
        assert!(mailer("smtps://ada:secret@mail.example.com", "Ada <ada@example.com>").is_ok());
        assert!(matches!(
            mailer("https://mail.example.com", "a@b.example"),
            Err(MailError::Url(_))
        ));
        assert!(matches!(mailer("smtp://localhost", "nobody"), Err(MailError::From(_))));
    }
}
