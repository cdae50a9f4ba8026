//! The server as a process of its own, to be killed and started again on the same data.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use super::{Client, database};

/// A running `skillswap serve` in demo mode, with its private, durable database.
pub struct Process {
    /// Address of the server.
    pub url: String,
    folder: PathBuf,
    arguments: Vec<String>,
    child: Child,
}

impl Process {
    /// Starts on an empty folder.
    pub async fn start(name: &str) -> Self {
        Self::start_with(name, &[]).await
    }

    /// Starts on an empty folder with further arguments.
    pub async fn start_with(name: &str, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let folder = database::folder().join(name);
        fs::create_dir_all(&folder).expect("a folder");
        for path in [database::folder(), folder.clone()] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o711)).expect("its rights");
        }
        Self::on(folder, arguments).await
    }

    async fn on(folder: PathBuf, arguments: Vec<String>) -> Self {
        tokio::task::spawn_blocking(move || {
            let mut child = Command::new(env!("CARGO_BIN_EXE_skillswap"))
                .args(["serve", "--port", "0", "--mode", "demo", "--data-dir"])
                .arg(folder.join("data"))
                .args(&arguments)
                .env_remove("DATABASE_URL")
                .env_remove("REDIS_URL")
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .expect("the server starts");
            let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
            let url = lines
                .find_map(|line| {
                    Some(
                        line.ok()?
                            .split_whitespace()
                            .find(|word| word.ends_with("/playground"))?
                            .trim_end_matches("/playground")
                            .to_owned(),
                    )
                })
                .expect("the address is printed");
            // The rest of the output must not fill the pipe.
            std::thread::spawn(move || lines.for_each(drop));
            Self { url, folder, arguments, child }
        })
        .await
        .expect("the thread")
    }

    /// `kill -9`, as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().expect("it lives");
        self.child.wait().expect("it ends");
    }

    /// Kills, unless that was done, and starts again on the same data.
    pub async fn restart(mut self) -> Self {
        self.child.kill().ok();
        self.child.wait().ok();
        let (folder, arguments) = (self.folder.clone(), self.arguments.clone());
        drop(self);
        Self::on(folder, arguments).await
    }

    /// A caller without a token.
    pub fn anonymous(&self) -> Client {
        Client::new(&self.url)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
