//! Mail to people: in the background, a few at once, and never so that anybody learns whether there was one.

use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt as _, path::PathBuf, sync::Arc, time::Duration};

use caracal_core::{Secret, World};
use caracal_service::files;
use mail_send::{SmtpClientBuilder, mail_builder::MessageBuilder};
use percent_encoding::percent_decode_str;
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::metrics;

/// Most mails under way at once; what is asked for past that is not sent.
const MAX_UNDER_WAY: usize = 16;
/// Longest time that one takes.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Where mail goes.
#[derive(Clone)]
pub enum MailConfig {
    /// To the server at a URL: `smtps://user:password@host`, or `smtp://…` where TLS begins with STARTTLS. Never without TLS.
    Server {
        /// The server, and what it knows us by.
        url: Secret,
        /// Speaks TLS to it.
        tls: TlsConnector,
    },
    /// Into a directory, a file each: for a machine that somebody works on.
    Directory(PathBuf),
}

/// Why mail cannot be sent at all. The URL is not repeated: it may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The sender is no mailbox.
    #[error("the sender is no mailbox such as Caracal <caracal@example.com>")]
    Sender,
    /// The URL is not one of a mail server.
    #[error("the URL of the mail server is not smtps://user:password@host or smtp://user:password@host")]
    Server,
    /// Nothing can be kept there.
    #[error("the directory for mail cannot be made")]
    Directory(#[source] std::io::Error),
}

/// Who sends.
#[derive(Debug, Clone)]
struct Sender {
    name: String,
    address: String,
}

impl Sender {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (name, address) = match text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
            Some((name, address)) => (name.trim().trim_matches('"'), address),
            None => ("Caracal", text),
        };
        let plain = !name.chars().any(char::is_control);
        (plain && is_plain(address)).then(|| Self {
            name: name.to_owned(),
            address: address.to_owned(),
        })
    }
}

/// Whether an address can be said to a mail server as it is (RFC 5321 §4.1.2, a dot-string and a domain): whatever would have
/// to be quoted there could end where it should not.
fn is_plain(address: &str) -> bool {
    let is_atom = |part: &str| {
        let of_atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
        !part.is_empty() && part.bytes().all(of_atom)
    };
    let is_label = |part: &str| {
        let of_label = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !part.is_empty() && part.bytes().all(of_label)
    };
    address.split_once('@').is_some_and(|(local, domain)| {
        local.split('.').all(is_atom) && domain.split('.').all(is_label) && address.len() <= 254
    })
}

/// A server, as its URL says.
struct Server {
    host: String,
    port: u16,
    /// TLS from the first byte; else after STARTTLS, without which nothing is said.
    implicit: bool,
    credentials: Option<(String, Secret)>,
    tls: TlsConnector,
}

impl Server {
    fn parse(url: &Secret, tls: TlsConnector) -> Option<Self> {
        let url = Url::parse(url.expose()).ok()?;
        let (implicit, default) = match url.scheme() {
            "smtps" => (true, 465),
            "smtp" => (false, 587),
            _ => return None,
        };
        let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        let decoded = |text| {
            percent_decode_str(text)
                .decode_utf8()
                .ok()
                .map(std::borrow::Cow::into_owned)
        };
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            (user, Some(password)) => Some((decoded(user)?, Secret::new(decoded(password)?))),
            (_, None) => return None,
        };
        let host = url.host_str().filter(|host| bare && !host.is_empty())?;
        Some(Self {
            host: host.to_owned(),
            port: url.port().unwrap_or(default),
            implicit,
            credentials,
            tls,
        })
    }

    async fn send(&self, message: MessageBuilder<'_>) -> Result<(), mail_send::Error> {
        let host = self.host.as_str();
        let mut builder = SmtpClientBuilder::new_with_tls_connector(host, self.port, self.tls.clone())
            .implicit_tls(self.implicit)
            .timeout(TIMEOUT);
        if let Some((user, password)) = &self.credentials {
            builder = builder.credentials((user.as_str(), password.expose()));
        }
        let mut client = builder.connect().await?;
        client.send(message).await?;
        // It has the mail; how the conversation ends is all the same.
        let _ = client.quit().await;
        Ok(())
    }
}

enum Transport {
    Server(Box<Server>),
    Directory(PathBuf),
}

/// Sends mail.
pub struct Mailer {
    transport: Transport,
    sender: Sender,
    world: World,
    tasks: TaskTracker,
    under_way: Arc<Semaphore>,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailer")
            .field("sender", &self.sender)
            .finish_non_exhaustive()
    }
}

impl Mailer {
    /// Sends as `sender`, in tasks of `tasks`.
    ///
    /// # Errors
    /// [`MailError`].
    pub fn new(
        config: MailConfig,
        sender: &str,
        world: World,
        tasks: TaskTracker,
    ) -> Result<Self, MailError> {
        let transport = match config {
            MailConfig::Server { url, tls } => {
                Transport::Server(Box::new(Server::parse(&url, tls).ok_or(MailError::Server)?))
            }
            MailConfig::Directory(directory) => {
                let made = DirBuilder::new().recursive(true).mode(0o700).create(&directory);
                made.map_err(MailError::Directory)?;
                Transport::Directory(directory)
            }
        };
        Ok(Self {
            transport,
            sender: Sender::parse(sender).ok_or(MailError::Sender)?,
            world,
            tasks,
            under_way: Arc::new(Semaphore::new(MAX_UNDER_WAY)),
        })
    }

    /// Sends `text` to `address`, some time. What comes of it is for the operator alone to see.
    pub(crate) fn send(self: &Arc<Self>, address: &str, subject: &'static str, text: String) {
        let Ok(turn) = self.under_way.clone().try_acquire_owned() else {
            metrics::mailed("dropped");
            tracing::warn!("a mail was not sent: too many are under way");
            return;
        };
        let (mailer, address) = (Arc::clone(self), address.to_owned());
        self.tasks.spawn(async move {
            let _turn = turn;
            let sent = tokio::time::timeout(TIMEOUT, mailer.deliver(&address, subject, &text)).await;
            let outcome = sent.unwrap_or_else(|_| Err(String::from("it took too long")));
            match outcome {
                Ok(()) => metrics::mailed("sent"),
                Err(error) => {
                    metrics::mailed("failed");
                    // Neither whom it was for nor what it said.
                    tracing::warn!(error, "a mail was not sent");
                }
            }
        });
    }

    async fn deliver(&self, address: &str, subject: &str, text: &str) -> Result<(), String> {
        if !is_plain(address) {
            return Err(String::from(
                "the address cannot be said to a mail server as it is",
            ));
        }
        let sender = &self.sender;
        let message = MessageBuilder::new()
            .from((sender.name.as_str(), sender.address.as_str()))
            .to(address)
            .subject(subject)
            .text_body(text);
        match &self.transport {
            Transport::Server(server) => server.send(message).await.map_err(|error| error.to_string()),
            Transport::Directory(directory) => {
                let bytes = message.write_to_vec().map_err(|error| error.to_string())?;
                let file = directory.join(format!("{}.eml", self.world.uuid_v7()));
                let kept = tokio::task::spawn_blocking(move || files::replace(&file, &bytes)).await;
                let kept = kept.map_err(std::io::Error::other).and_then(|kept| kept);
                kept.map_err(|error| error.to_string())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_would_have_to_be_quoted_is_not_said() {
        for good in ["ada@example.com", "ada.l+x@mail.example.com", "a@localhost"] {
            assert!(is_plain(good), "{good}");
        }
        for bad in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@example.com>,<eve@example.com",
            "\"a b\"@example.com",
            "a..b@example.com",
            "ada@exa_mple.com",
            "ada@example.com\r\nDATA",
            "ädä@example.com",
            "ada@[127.0.0.1]",
        ] {
            assert!(!is_plain(bad), "{bad}");
        }
    }

    #[test]
    fn a_sender_is_a_mailbox_with_or_without_a_name() {
        let parsed = |text| Sender::parse(text).map(|sender| (sender.name, sender.address));
        let address = String::from("a@example.com");
        assert_eq!(
            parsed("Ada L <a@example.com>"),
            Some(("Ada L".into(), address.clone()))
        );
        assert_eq!(
            parsed("\"Ada\" <a@example.com>"),
            Some(("Ada".into(), address.clone()))
        );
        assert_eq!(parsed("a@example.com"), Some(("Caracal".into(), address)));
        for bad in [
            "",
            "Ada",
            "Ada <a>",
            "Ada <a@example.com> x",
            "A\r\nB <a@example.com>",
        ] {
            assert_eq!(parsed(bad), None, "{bad}");
        }
    }
}
