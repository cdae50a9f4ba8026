//! The harness: one private PostgreSQL for the whole run, a copy of a migrated database for each test, a real server on
//! a free port, and clients by role.
//!
//! ```ignore
//! let app = TestApp::start().await;
//! let (ada, grace) = (app.member("ada").await, app.mentor("grace").await);
//! let reply = ada.run("mutation …", json!({ "input": { … } })).await;
//! assert_eq!(reply.codes("bookSession"), ["SLOT_TAKEN"]);
//! ```

pub mod booking;
pub mod client;
pub mod database;
pub mod introspection;
pub mod node;
pub mod payments;
pub mod process;
pub mod redis;
pub mod smtp;
pub mod socket;

use std::net::{IpAddr, Ipv4Addr};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use skillswap::{
    app::App,
    cli::serve::Server,
    clock::Clock,
    config::{
        Config, Documents, IdentityConfig, InvoiceConfig, LimitsConfig, LogFormat, Mode, OversightNotice,
        PaymentsConfig, PayoutConfig, ProcessRole, StorageConfig, Switch, TlsConfig,
    },
    domains::accounts::{self, model::Role},
    jobs::runner,
};

pub use client::{Client, Reply};
pub use socket::{Socket, Subscription};

/// The password of everybody in the tests.
pub const PASSWORD: &str = "correct horse";

/// A server with its database.
pub struct TestApp {
    /// The application inside the server: for the clock and for what no client may do.
    pub app: App,
    /// Address of the server.
    pub url: String,
    /// URL of its database.
    pub database_url: String,
    server: Option<Server>,
}

impl TestApp {
    /// A server in development mode on a fresh database. Jobs run when the test calls [`TestApp::work`].
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// A server with other settings.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let database_url = database::fresh().await;
        let mut config = config();
        change(&mut config);
        Self::on(config, database_url).await
    }

    /// A further server on the same database, as a second process would be.
    pub async fn another(&self) -> Self {
        self.another_with(|_| {}).await
    }

    /// A further server with other settings.
    pub async fn another_with(&self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = config();
        change(&mut config);
        Self::on(config, self.database_url.clone()).await
    }

    async fn on(config: Config, database_url: String) -> Self {
        let scheme = if config.tls.tls_cert.is_some() { "https" } else { "http" };
        let server =
            Server::start(config, &database_url, Clock::default(), None).await.expect("the server starts");
        let url = format!("{scheme}://{}", server.running.address);
        Self { app: server.app.clone(), url, database_url, server: Some(server) }
    }

    /// Stops gracefully.
    pub async fn stop(mut self) {
        self.server.take().expect("still running").stop().await.expect("a clean stop");
    }

    /// A caller without a token.
    pub fn anonymous(&self) -> Client {
        Client::new(&self.url)
    }

    /// A new member, signed in. The e-mail address is `<name>@example.org`.
    pub async fn member(&self, name: &str) -> Client {
        self.member_with(name, &[]).await
    }

    /// A new mentor, signed in, at 60.00 credits an hour, open all day every day (UTC, 30-minute steps, no notice), who lets
    /// learners cancel for nothing until the start.
    pub async fn mentor(&self, name: &str) -> Client {
        let mentor = self.member_with(name, &[Role::Mentor]).await;
        mentor
            .run(
                "mutation($input: UpdateMentorProfileInput!) { updateMentorProfile(input: $input) { userErrors { message } }
                   setCancellationPolicy(input: { freeHours: 0, lateFeePercent: 100 }) { userErrors { message } } }",
                json!({ "input": { "headline": format!("Lessons with {name}"), "hourlyRateMinor": "6000" } }),
            )
            .await
            .ok("updateMentorProfile");
        let rules: Vec<_> = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]
            .map(|weekday| json!({ "weekday": weekday, "start": "00:00", "end": "24:00" }))
            .into();
        mentor
            .run(
                "mutation($input: SetAvailabilityRulesInput!) { setAvailabilityRules(input: $input) { userErrors { message } } }",
                json!({ "input": { "timeZone": "UTC", "rules": rules, "minNoticeMinutes": 0 } }),
            )
            .await
            .ok("setAvailabilityRules");
        mentor
    }

    /// A new member with further roles, signed in.
    pub async fn member_with(&self, name: &str, roles: &[Role]) -> Client {
        let email = format!("{name}@example.org");
        let input = json!({ "email": email, "password": PASSWORD, "name": name });
        let registered = self
            .anonymous()
            .run("mutation($input: RegisterMemberInput!) { registerMember(input: $input) { accepted userErrors { message } } }", json!({ "input": input }))
            .await;
        registered.ok("registerMember");
        // As the seed does it: no admin has to be made first. Nobody has seen the member yet.
        for &role in roles {
            let account = format!("(select member_id from credentials where email = '{email}')");
            self.sql(&format!(
                "update members set roles = roles || '{{{role}}}'::text[] where id = {account}"
            ))
            .await;
        }
        self.sign_in(&email).await
    }

    /// A new administrator, signed in, made as the operator does it.
    pub async fn admin(&self, name: &str) -> Client {
        let client = self.member(name).await;
        let email = format!("{name}@example.org");
        assert!(accounts::service::grant_admin(&self.app, &email).await.expect("the role is granted"));
        self.step_up(&client).await;
        client
    }

    /// As though the member had just shown a code of an authenticator app, on every device and for the whole test.
    pub async fn step_up(&self, client: &Client) {
        let id = skillswap::db::ids::decode(&client.id).expect("an id").1;
        self.sql(&format!(
            "insert into second_factors (member_id, sealed_secret, enrolled_at, confirmed_at)
             values ('{id}', '', now(), now()) on conflict do nothing;
             insert into step_ups (auth_session_id, stepped_up_at)
             select id, now() + interval '10 years' from auth_sessions where member_id = '{id}'
             on conflict (auth_session_id) do update set stepped_up_at = excluded.stepped_up_at"
        ))
        .await;
    }

    /// One more device of a member whom [`Self::step_up`] gave a second factor.
    pub async fn sign_in_again(&self, email: &str) -> Client {
        self.sql(&format!(
            "delete from second_factors where member_id = (select member_id from credentials where email = '{email}')"
        ))
        .await;
        let client = self.sign_in(email).await;
        self.step_up(&client).await;
        client
    }

    /// One more device of a member.
    pub async fn sign_in(&self, email: &str) -> Client {
        self.sign_in_with(email, PASSWORD).await
    }

    /// A device of an account with another password.
    pub async fn sign_in_with(&self, email: &str, password: &str) -> Client {
        let mut client = self.anonymous();
        let reply = client
            .run(
                "mutation($input: LogInInput!) { logIn(input: $input) { session { accessToken refreshToken member { id } } userErrors { message } } }",
                json!({ "input": { "email": email, "password": password } }),
            )
            .await;
        let session = &reply.ok("logIn")["session"];
        client.token = session["accessToken"].as_str().map(str::to_owned);
        client.refresh_token = session["refreshToken"].as_str().map(str::to_owned);
        session["member"]["id"].as_str().unwrap_or_default().clone_into(&mut client.id);
        client
    }

    /// The present instant, as the server sees it.
    pub fn now(&self) -> DateTime<Utc> {
        self.app.clock.now()
    }

    /// Moves the server's clock forward.
    pub fn advance(&self, by: TimeDelta) {
        self.app.clock.advance(by);
    }

    /// Runs due schedules and jobs until nothing is due.
    pub async fn work(&self) {
        for _ in 0..100 {
            if runner::round(&self.app).await.expect("the queue works") == 0 {
                return;
            }
        }
        panic!("jobs keep coming");
    }

    /// Runs SQL and returns the rows as texts, for counting what the API does not show.
    pub async fn sql(&self, statement: &str) -> Vec<Vec<String>> {
        database::sql(&self.database_url, statement).await.expect(statement)
    }

    /// A number found by SQL.
    pub async fn count(&self, statement: &str) -> i64 {
        self.sql(statement).await[0][0].parse().expect("a number")
    }

    /// What an action that only reads costs once the connections that it meets have planned its statements.
    pub async fn warm_statements<F: Future>(&self, action: impl Fn() -> F) -> (i64, i64) {
        let mut cost = (0, 0);
        for _ in 0..10 {
            cost = self.statements(&action).await;
            if cost.1 == 0 {
                break;
            }
        }
        cost
    }

    /// How many SQL statements an action costs, and how many of them had to be planned anew. Run the action a few times
    /// before, as the first run of a statement on each connection prepares it.
    pub async fn statements<F: Future>(&self, action: impl FnOnce() -> F) -> (i64, i64) {
        database::reset_statements(&self.database_url).await;
        action().await;
        database::statements(&self.database_url).await
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // Sockets and tasks of this server end; its database is thrown away with the whole cluster.
        self.app.stop();
    }
}

/// The settings of a test server.
pub fn config() -> Config {
    Config {
        port: 0,
        bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
        data_dir: database::folder().join("data"),
        mode: Mode::Development,
        roles: vec![ProcessRole::Api],
        public_url: None,
        tls: TlsConfig::default(),
        database_url: None,
        pool_size: 8,
        http_workers: 1,
        secret: Some("a secret that only the tests know".to_owned()),
        allowed_origins: Vec::new(),
        trusted_proxies: 0,
        web_url: None,
        smtp_url: None,
        mail_from: "SkillSwap <no-reply@skillswap.test>".to_owned(),
        introspection: Switch::Auto,
        documents: Documents::Auto,
        limits: LimitsConfig {
            anonymous_requests: Some(0),
            member_points: Some(0),
            sockets_per_place: Some(0),
            sockets_per_member: Some(0),
            idle_socket_seconds: 60,
            anonymous_cost: 1_000,
            member_cost: 10_000,
        },
        redis_url: None,
        fee_basis_points: 1500,
        payouts: PayoutConfig {
            payout_currency: "USD".to_owned(),
            payout_per_100_credits: 1_000,
            payout_minimum_credits: 50,
        },
        invoices: InvoiceConfig {
            seller_name: "SkillSwap Ltd".to_owned(),
            seller_address: vec!["1 Market Street".to_owned(), "Dublin".to_owned()],
            seller_tax_id: Some("IE1234567X".to_owned()),
        },
        adjustment_limit: 100_000,
        oversight_notice: OversightNotice::AtOnce,
        identity: IdentityConfig::default(),
        storage: StorageConfig::default(),
        payments: PaymentsConfig::default(),
        shared_buffers_mb: 64,
        pg_bin_dir: None,
        search_path: None,
        log_format: LogFormat::Text,
        log: "warn".to_owned(),
    }
}
