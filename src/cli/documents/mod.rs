//! `skillswap documents`: the documents of our own apps, the only ones that run in production.

mod read;

use std::{collections::BTreeMap, path::PathBuf};

use clap::{Args, Subcommand};

use self::read::Source;
use super::{database::Database, print, say, start_log};
use crate::{
    app::App,
    clock::Clock,
    config::Config,
    db::{keyset::Keyset, pool},
    domains::documents::{
        model::{Listed, NewDocument},
        service::{self, Retired},
    },
    engine::measure::{Measure, Measured},
    graphql::ClientApp,
    jobs::registry,
};

/// Documents listed by one statement.
const PAGE: i64 = 500;

/// What to do.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Checks what an app sends against the schema and the limits, and registers it: all of it, or nothing.
    Register {
        /// Files and folders: `.graphql` files, and manifests (Apollo's persisted queries, or `{"<id>": "<text>"}` as Relay
        /// and GraphQL Code Generator write it).
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The app, as its header `apollographql-client-name` says it.
        #[arg(long, default_value = "")]
        client: String,
        /// Its version, as its header `apollographql-client-version` says it.
        #[arg(long, default_value = "", requires = "client")]
        client_version: String,
        #[command(flatten)]
        config: Box<Config>,
    },
    /// Lists the registered documents with their costs, uses and apps.
    List {
        /// Only what apps of this name need.
        #[arg(long)]
        client: Option<String>,
        #[command(flatten)]
        config: Box<Config>,
    },
    /// Checks every trusted document against the schema of this binary; fails if one would no longer run.
    Check {
        #[command(flatten)]
        config: Box<Config>,
    },
    /// Takes the trust away: of documents, of an app, or of documents as far as an app needs them.
    Retire {
        /// Hashes or ids; none = everything that the app needs.
        #[arg(value_name = "HASH", required_unless_present = "client")]
        names: Vec<String>,
        /// The app; a document stays trusted as long as another one needs it.
        #[arg(long)]
        client: Option<String>,
        /// Only this version of the app.
        #[arg(long, requires = "client")]
        client_version: Option<String>,
        #[command(flatten)]
        config: Box<Config>,
    },
}

/// Runs the command.
pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command {
        Command::Register { files, client, client_version, config } => {
            let new = checked(&files, config.limits.member_cost.into()).await?;
            let client = ClientApp::new(&client, &client_version);
            let added =
                with_app(*config, async |app| Ok(service::register(app, &client, &new).await?)).await?;
            print(&format!(
                "Registered {}: {added} new, {} known before.\n",
                count(new.len()),
                new.len() - added
            ))
        }
        Command::List { client, config } => {
            let listed = with_app(*config, async |app| all(app, client.as_deref()).await).await?;
            listed.iter().try_for_each(|listed| print(&line_of(listed)))
        }
        Command::Check { config } => with_app(*config, check).await,
        Command::Retire { names, client, client_version, config } => {
            let what = Retired { documents: names, client, version: client_version };
            let (ended, unknown) =
                with_app(*config, async |app| Ok(service::retire(app, &what).await?)).await?;
            print(&format!("Retired {ended}.\n"))?;
            anyhow::ensure!(unknown.is_empty(), "no document is called {}", unknown.join(", "));
            Ok(())
        }
    }
}

/// Opens the database for something short.
async fn with_app<T>(config: Config, act: impl AsyncFnOnce(&App) -> anyhow::Result<T>) -> anyhow::Result<T> {
    start_log(&config)?;
    let database = Database::open(&config).await?;
    let pool = pool::build(&database.url, 2)?;
    let app = App::new(config, String::new(), pool, String::new(), registry::registry(), Clock::default())?;
    let done = act(&app).await.map_err(|error| {
        let is_older = format!("{error:#}").contains("does not exist");
        if is_older {
            error.context("the database is older than this program: run `skillswap migrate` first")
        } else {
            error
        }
    });
    drop(app);
    database.close().await;
    done
}

fn count(documents: usize) -> String {
    if documents == 1 { "1 document".to_owned() } else { format!("{documents} documents") }
}

/// Reads and measures the documents, and shows what was found.
async fn checked(files: &[PathBuf], most: u64) -> anyhow::Result<Vec<NewDocument>> {
    let sources = read::all(files)?;
    let measure = Measure::new(most);
    let (mut new, mut refused) = (BTreeMap::<String, NewDocument>::new(), 0);
    print(&format!(
        "Cost: at most, with every page as large as its variable allows; {most} is the limit.\n{}",
        row("HASH", "COST", "OPERATIONS", "DEPRECATED")
    ))?;
    for Source { place, id, text } in sources {
        match measure.measure(&text).await {
            Ok(measured) => {
                let Measured { hash, operations, cost, deprecated } = measured;
                print(&row(&hash, &cost.to_string(), &operations, &deprecated.join(", ")))?;
                let cost = i64::try_from(cost)?;
                let document = new.entry(hash.clone()).or_insert_with(|| NewDocument {
                    hash,
                    body: text,
                    operations,
                    cost,
                    ids: Vec::new(),
                });
                document.ids.extend(id);
            }
            Err(faults) => {
                refused += 1;
                for fault in faults {
                    say(&place.told(fault.line, &fault.message));
                }
            }
        }
    }
    anyhow::ensure!(refused == 0, "{} refused, so none was registered", count(refused));
    anyhow::ensure!(!new.is_empty(), "there is no document in these files");
    Ok(new.into_values().collect())
}

fn row(hash: &str, cost: &str, operations: &str, more: &str) -> String {
    format!("{hash:<64}  {cost:>6}  {operations:<40}  {more}").trim_end().to_owned() + "\n"
}

async fn all(app: &App, client: Option<&str>) -> anyhow::Result<Vec<Listed>> {
    print(&row("HASH", "COST", "OPERATIONS", "USES, LAST, APPS"))?;
    let (mut found, mut after) = (Vec::<Listed>::new(), None);
    loop {
        let keyset = Keyset { after, ..Keyset::first(PAGE) };
        let mut page = service::page(app, client, &keyset).await?;
        let more = page.len() > usize::try_from(PAGE)?;
        page.truncate(usize::try_from(PAGE)?);
        found.append(&mut page);
        after = found.last().map(|last| (last.document.registered_at, last.document.hash.clone()));
        if !more {
            return Ok(found);
        }
    }
}

fn line_of(listed: &Listed) -> String {
    let apps: Vec<String> = listed
        .needs
        .iter()
        .filter(|need| need.retired_at.is_none())
        .map(|need| format!("{} {}", need.client_name, need.client_version).trim().to_owned())
        .map(|app| if app.is_empty() { "unnamed".to_owned() } else { app })
        .collect();
    let apps = if apps.is_empty() { "retired".to_owned() } else { apps.join(", ") };
    let used = listed.runs.as_ref().map_or_else(
        || "never used".to_owned(),
        |runs| format!("{} uses, last {}", runs.count, runs.last_at.format("%Y-%m-%d %H:%M")),
    );
    let document = &listed.document;
    row(&document.hash, &document.cost.to_string(), &document.operations, &format!("{used}; {apps}"))
}

async fn check(app: &App) -> anyhow::Result<()> {
    let trusted: Vec<Listed> = all(app, None).await?.into_iter().filter(Listed::is_trusted).collect();
    let hashes: Vec<&str> = trusted.iter().map(|listed| listed.document.hash.as_str()).collect();
    let bodies: BTreeMap<String, String> = service::bodies(app, &hashes).await?.into_iter().collect();
    let (measure, mut broken) = (Measure::new(app.config.limits.member_cost.into()), 0);
    for listed in &trusted {
        let Some(body) = bodies.get(&listed.document.hash) else { continue };
        match measure.measure(body).await {
            Ok(Measured { deprecated, .. }) if deprecated.is_empty() => {}
            Ok(Measured { deprecated, .. }) => {
                print(&line_of(listed))?;
                print(&format!("  deprecated: {}\n", deprecated.join(", ")))?;
            }
            Err(faults) => {
                broken += 1;
                print(&line_of(listed))?;
                for fault in faults {
                    print(&format!("  no longer runs: {}\n", fault.message))?;
                }
            }
        }
    }
    anyhow::ensure!(broken == 0, "{} would no longer run", count(broken));
    print(&format!("{} run with this schema.\n", count(trusted.len())))
}
