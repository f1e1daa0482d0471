//! `caracal allowlist`: who may sign in to the console of this home.
//!
//! Whoever has an account may, and nobody else, so the list is that of the accounts: the command asks the Control API of the
//! running stack, which decides, records who did what, and tells every other part.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use hyper::{Method, StatusCode};
use serde::Serialize;
use serde_json::Value;

use crate::Outcome;
use crate::cli::Allowlist;
use crate::endpoints::Endpoints;
use crate::environment::Environment;
use crate::hint::Hint;
use crate::home::Home;
use crate::http::{Http, Reply};
use crate::output::answer;

/// Longest wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Accounts of a page.
const PAGE: usize = 500;
/// Most pages that are read.
const MAX_PAGES: usize = 200;

pub(crate) fn run(
    environment: &Environment,
    home: Option<&Path>,
    wanted: &Allowlist,
    json: bool,
) -> anyhow::Result<Outcome> {
    let home = Home::locate(environment, home)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let hint = Hint::new(environment, &home);
        let accounts = Accounts::of(&home, &hint)?;
        let said = match wanted {
            Allowlist::List => return list(&accounts, &hint, json).await,
            Allowlist::Add { entry, role, name } => {
                add(&accounts, &normal(entry)?, role, name.as_deref()).await?
            }
            Allowlist::Remove { entry } => remove(&accounts, &normal(entry)?).await?,
            Allowlist::Lock { entry } => lock(&accounts, &normal(entry)?, true).await?,
            Allowlist::Unlock { entry } => lock(&accounts, &normal(entry)?, false).await?,
        };
        answer(&if json {
            serde_json::to_string(&said)?
        } else {
            said.sentence()
        })?;
        Ok(Outcome::Good)
    })
}

/// What became of an entry.
#[derive(Serialize)]
struct ChangedEntry {
    #[serde(rename = "entry")]
    email: String,
    status: &'static str,
    changed: bool,
    /// How the holder chooses a password, once.
    link: Option<String>,
}

/// The accounts, for programs.
#[derive(Serialize)]
struct List<'a> {
    accounts: Vec<Listed<'a>>,
}

#[derive(Serialize)]
struct Listed<'a> {
    email: &'a str,
    role: &'a str,
    status: &'static str,
}

/// Asks for an account.
#[derive(Serialize)]
struct NewAccount<'a> {
    email: &'a str,
    name: &'a str,
    role: &'a str,
}

/// Asks for an account to be locked, or to be no longer.
#[derive(Serialize)]
struct LockAccount {
    locked: bool,
}

impl ChangedEntry {
    fn sentence(&self) -> String {
        let already = if self.changed { "is" } else { "was already" };
        let sentence = format!("{} {already} {}", self.email, self.status);
        match &self.link {
            Some(link) => format!("{sentence}; hand over, once and within its time:\n{link}"),
            None => sentence,
        }
    }
}

/// An account as the Control API tells it.
struct Account {
    id: String,
    email: String,
    role: String,
    locked: bool,
}

impl Account {
    fn read(item: &Value) -> Option<Self> {
        let text = |name: &str| item.get(name)?.as_str().map(str::to_owned);
        Some(Self {
            id: text("id")?,
            email: text("email")?,
            role: text("role")?,
            locked: item.get("locked_at").is_some_and(|at| !at.is_null()),
        })
    }

    const fn status(&self) -> &'static str {
        if self.locked { "locked" } else { "active" }
    }
}

/// The accounts of a stack that runs.
struct Accounts {
    http: Http,
    api: String,
    web: Option<String>,
    token: String,
}

impl Accounts {
    fn of(home: &Home, hint: &Hint) -> anyhow::Result<Self> {
        let endpoints = Endpoints::of_live_daemon(home);
        let api = endpoints.as_ref().and_then(|endpoints| endpoints.url("api"));
        let Some(api) = api.map(str::to_owned) else {
            bail!(
                "the stack of {} does not run, and it is what keeps the accounts; {} starts it",
                home.path().display(),
                hint.command("up")
            );
        };
        let file = home.admin_token_file();
        let token = std::fs::read_to_string(&file)
            .with_context(|| format!("cannot read the admin token in {}", file.display()))?;
        Ok(Self {
            http: Http::new(&[&api])?,
            web: endpoints.and_then(|endpoints| endpoints.url("web").map(str::to_owned)),
            api,
            token: token.trim().to_owned(),
        })
    }

    /// `body` is JSON, or empty.
    async fn ask(&self, method: Method, path: &str, body: String) -> anyhow::Result<Reply> {
        let bearer = format!("Bearer {}", self.token);
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Content-Type", "application/json"),
        ];
        let url = format!("{}{path}", self.api);
        let headers = if body.is_empty() {
            &headers[..1]
        } else {
            &headers[..]
        };
        self.http.ask(method, &url, headers, body, TIMEOUT).await
    }

    async fn change(&self, method: Method, path: &str, body: String) -> anyhow::Result<Reply> {
        let reply = self.ask(method, path, body).await?;
        if reply.status.is_success() {
            return Ok(reply);
        }
        bail!("{}", reply.why());
    }

    async fn all(&self) -> anyhow::Result<Vec<Account>> {
        let (mut found, mut after) = (Vec::new(), String::new());
        for _ in 0..MAX_PAGES {
            let path = format!("/v1/accounts?limit={PAGE}{after}");
            let reply = self.change(Method::GET, &path, String::new()).await?;
            let items = reply.body.get("items").and_then(Value::as_array);
            let items = items.context("the Control API answers no accounts")?;
            found.extend(items.iter().filter_map(Account::read));
            let Some(cursor) = reply.text("next_cursor") else {
                return Ok(found);
            };
            let cursor: String = form_urlencoded::byte_serialize(cursor.as_bytes()).collect();
            after = format!("&cursor={cursor}");
        }
        bail!("there are more accounts than this command reads; use the console");
    }

    async fn find(&self, email: &str) -> anyhow::Result<Option<Account>> {
        let all = self.all().await?;
        Ok(all.into_iter().find(|account| account.email == email))
    }

    async fn there(&self, email: &str) -> anyhow::Result<Account> {
        let found = self.find(email).await?;
        found.with_context(|| format!("{email} is not on the allowlist; add it first"))
    }
}

/// Makes an account, whose holder chooses the password behind a link.
async fn add(
    accounts: &Accounts,
    email: &str,
    role: &str,
    name: Option<&str>,
) -> anyhow::Result<ChangedEntry> {
    let unchanged = |account: &Account| {
        if account.locked {
            bail!("{email} is locked; unlock it instead");
        }
        Ok(ChangedEntry {
            email: email.to_owned(),
            status: account.status(),
            changed: false,
            link: None,
        })
    };
    if let Some(account) = accounts.find(email).await? {
        return unchanged(&account);
    }
    let name = name.unwrap_or_else(|| email.split('@').next().unwrap_or(email));
    let body = serde_json::to_string(&NewAccount { email, name, role })?;
    let reply = accounts.ask(Method::POST, "/v1/accounts", body).await?;
    if reply.status == StatusCode::CONFLICT
        && let Some(account) = accounts.find(email).await?
    {
        // Somebody else was quicker.
        return unchanged(&account);
    }
    if !reply.status.is_success() {
        bail!("{}", reply.why());
    }
    let link = reply.body.pointer("/link/link").and_then(Value::as_str);
    let link = link.context("the Control API answers no link")?;
    // Behind the `#`, so that it reaches no server before the page sends it.
    let place = accounts.web.as_deref().unwrap_or("CONSOLE_URL");
    Ok(ChangedEntry {
        email: email.to_owned(),
        status: "active",
        changed: true,
        link: Some(format!("{place}/link#{link}")),
    })
}

async fn remove(accounts: &Accounts, email: &str) -> anyhow::Result<ChangedEntry> {
    let account = accounts.there(email).await?;
    let path = format!("/v1/accounts/{}", account.id);
    accounts.change(Method::DELETE, &path, String::new()).await?;
    Ok(ChangedEntry {
        email: account.email,
        status: "removed",
        changed: true,
        link: None,
    })
}

async fn lock(accounts: &Accounts, email: &str, locked: bool) -> anyhow::Result<ChangedEntry> {
    let mut account = accounts.there(email).await?;
    let changed = account.locked != locked;
    if changed {
        let path = format!("/v1/accounts/{}", account.id);
        accounts
            .change(
                Method::PATCH,
                &path,
                serde_json::to_string(&LockAccount { locked })?,
            )
            .await?;
        account.locked = locked;
    }
    Ok(ChangedEntry {
        status: account.status(),
        email: account.email,
        changed,
        link: None,
    })
}

/// An address as it is compared.
fn normal(entry: &str) -> anyhow::Result<String> {
    let entry = entry.trim().to_lowercase();
    if entry.starts_with('@') {
        bail!(
            "{entry:?} is a domain; accounts are for addresses. Claims of an OpenID provider let in whole groups: CONSOLE_OIDC_ROLES"
        );
    }
    let well_formed = entry.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.is_empty()
            && !domain.contains('@')
            && !entry.contains(|c: char| c.is_whitespace() || c.is_control())
    });
    if !well_formed {
        bail!("{entry:?} is no address such as ada@example.com");
    }
    Ok(entry)
}

async fn list(accounts: &Accounts, hint: &Hint, json: bool) -> anyhow::Result<Outcome> {
    let mut all = accounts.all().await?;
    all.sort_by(|one, other| one.email.cmp(&other.email));
    answer(&if json {
        let accounts = all.iter().map(|one| Listed {
            email: &one.email,
            role: &one.role,
            status: one.status(),
        });
        let accounts = accounts.collect();
        serde_json::to_string(&List { accounts })?
    } else if all.is_empty() {
        let up = hint.command("up");
        format!("nobody has an account: the link that {up} prints makes the first one")
    } else {
        let width = all.iter().map(|one| one.email.len()).max().unwrap_or(0).max(5);
        let rows = all.iter();
        let rows = rows.map(|one| format!("{:width$}  {:8}  {}", one.email, one.role, one.status()));
        std::iter::once(format!("{:width$}  {:8}  status", "email", "role"))
            .chain(rows)
            .collect::<Vec<_>>()
            .join("\n")
    })?;
    Ok(Outcome::Good)
}
