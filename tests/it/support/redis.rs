//! A Redis server of our own, on a free port.

use std::{
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// A running Redis that keeps nothing on disk.
pub struct Redis {
    port: u16,
    child: Child,
}

impl Redis {
    /// Starts one.
    pub fn start() -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = free.local_addr().expect("its number").port();
        drop(free);
        Self { port, child: serve(port) }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Breaks it.
    pub fn kill(&mut self) {
        self.child.kill().expect("it lives");
        self.child.wait().expect("it ends");
    }

    /// Starts it again, empty.
    pub fn revive(&mut self) {
        self.child = serve(self.port);
    }

    /// All numbers that it keeps, added up.
    pub async fn sum(&self) -> i64 {
        let client = redis::Client::open(self.url()).expect("an address");
        let mut conn = client.get_multiplexed_async_connection().await.expect("a connection");
        let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut conn).await.expect("keys");
        let mut sum = 0;
        for key in keys {
            sum += redis::cmd("GET").arg(key).query_async::<i64>(&mut conn).await.expect("a number");
        }
        sum
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn serve(port: u16) -> Child {
    // One program with several names; Debian's package without the service has it under another.
    let spawn = |program: &str| spawn(program, port);
    let child = spawn("redis-server").or_else(|_| spawn("redis-check-rdb"));
    let child = child.expect("Redis: `scripts/setup.sh test` installs it");
    let began = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(began.elapsed() < Duration::from_secs(20), "Redis does not listen");
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}

fn spawn(program: &str, port: u16) -> std::io::Result<Child> {
    Command::new(program)
        .arg0("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .current_dir(std::env::temp_dir())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}
